package io.pcache.block;

/**
 * A block device as front ends see it. Sectors are 512 bytes; every offset and length is a multiple
 * of that.
 *
 * <p>Promises: a read returns the newest completed write of each sector; a completed flush or FUA
 * write survives a crash; requests in flight at the same time may be carried out in any order, but
 * for overlapping writes of one {@link RequestSource}.
 *
 * <p>Thread-safety: all methods may be called from any thread.
 */
public interface BlockDevice {
  /** Bytes in a sector, the unit of every offset and length. */
  int SECTOR_BYTES = 512;

  /** The device's size in bytes, a multiple of 512, constant while it is open. */
  long sizeBytes();

  /**
   * Carries out a prepared request. Never throws for a request that fails: a range outside the
   * device, a closed device and every other failure reach {@link BlockRequest#completed}. Hits and
   * writes usually complete on the calling thread before this returns; misses, flushes and requests
   * that wait for space complete elsewhere.
   */
  void submit(BlockRequest request);

  /**
   * {@link #submit} for a caller that has nothing else to do until the request is complete: what a
   * flush or a FUA write waits for may be carried out on its thread, which saves the hand-over to
   * another and back. May return before the request is complete, like submit.
   */
  default void execute(BlockRequest request) {
    submit(request);
  }

  /**
   * A source of requests was closed: those that wait need not be carried out. Called by {@link
   * RequestSource#close}; a device in which nothing waits need not care.
   */
  default void sourceClosed(RequestSource source) {}

  /**
   * Walks the cache's state of a range, in order of offset. Neighbouring ranges may have the same
   * state. The answer is a snapshot per 4 MiB of the device; requests in flight may change it at
   * any time.
   *
   * @param offsetBytes start, a multiple of 512 inside the device
   * @param lengthBytes length, a multiple of 512; the range ends inside the device
   */
  void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor);
}
