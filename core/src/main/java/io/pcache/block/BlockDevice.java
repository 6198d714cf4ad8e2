package io.pcache.block;

/**
 * A block device as front ends see it. Sectors are 512 bytes, and every offset and length is a
 * multiple of that.
 *
 * <p>Promises:
 *
 * <ul>
 *   <li>A read returns the newest completed write of each sector.
 *   <li>A completed flush or FUA write survives a crash.
 *   <li>Requests in flight at the same time may be carried out in any order. The exception is
 *       overlapping writes of one {@link RequestSource}.
 * </ul>
 *
 * <p>Thread-safety: all methods may be called from any thread.
 */
public interface BlockDevice {
  /** Bytes in a sector, the unit of every offset and length. */
  int SECTOR_BYTES = 512;

  /** The device's size in bytes, a multiple of 512. It is constant while the device is open. */
  long sizeBytes();

  /**
   * Carries out a prepared request. Never throws if the request fails. A range outside the device,
   * a closed device and every other failure reach {@link BlockRequest#completed}. Hits and writes
   * usually complete on the calling thread before this returns. Misses, flushes and requests that
   * wait for space usually complete on another thread.
   */
  void submit(BlockRequest request);

  /**
   * Carries out a request like {@link #submit}, for a caller that has nothing else to do until it
   * is complete. The calling thread may do the work that a flush or a FUA write waits for. That
   * saves the hand-over to another thread and back. The method may delay a write while the device
   * is short of room. Like submit, it may return before the request is complete.
   */
  default void execute(BlockRequest request) {
    submit(request);
  }

  /**
   * Reports that a source of requests was closed, so its waiting requests need not be carried out.
   * Called by {@link RequestSource#close}. A device in which no requests wait can ignore it.
   */
  default void sourceClosed(RequestSource source) {}

  /**
   * Visits the cache's state of a range, in order of offset. Adjacent ranges may have the same
   * state. The result is a snapshot per 4 MiB of the device. Requests in flight may change the
   * state at any time.
   *
   * @param offsetBytes start, a multiple of 512 inside the device
   * @param lengthBytes length, a multiple of 512; the range ends inside the device
   */
  void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor);
}
