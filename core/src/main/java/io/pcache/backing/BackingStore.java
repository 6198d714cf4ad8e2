package io.pcache.backing;

import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Stores a backing device's bytes. Its transfers are positional and block until they are done.
 * {@link BackingDevice} adds queues, pooling and completion for every store.
 *
 * <p>Offsets and lengths are multiples of 512 and lie inside the store. The device ensures this.
 * Overlapping transfers that run at the same time may be carried out in any order. Transfers that
 * do not overlap never disturb each other, however close they are.
 *
 * <p>Thread-safety: {@link #read}, {@link #write} and {@link #flush} may run on any number of
 * threads at once. {@link #close} is called once, after all other calls.
 */
public interface BackingStore extends AutoCloseable {
  /** The store's name in messages, for example its path. */
  String name();

  /** The size in bytes, a multiple of 512 above 0. It is constant while the store is open. */
  long sizeBytes();

  /**
   * Fills all pieces, in their order, with the bytes from an offset on.
   *
   * @param pieces writable memory, native or heap; the list is neither changed nor kept
   * @throws IOException if not every byte could be read; the content of the pieces is then
   *     undefined
   */
  void read(List<MemorySegment> pieces, long offsetBytes) throws IOException;

  /**
   * Writes all pieces, in their order, from an offset on.
   *
   * @param pieces memory, native or heap; neither changed nor kept
   * @throws IOException if not every byte could be written; each sector of the range is then old or
   *     new
   */
  void write(List<MemorySegment> pieces, long offsetBytes) throws IOException;

  /**
   * Makes every write durable that was complete before this call.
   *
   * @throws IOException if durability is not certain. Any write since the last successful flush may
   *     then be lost. A later successful flush says nothing about these writes: they must be
   *     repeated first
   */
  void flush() throws IOException;

  /**
   * Reports what has happened to the device since it was opened. Threads that carry out requests do
   * not call this.
   *
   * @throws IOException if that cannot be determined
   */
  default FileCondition condition() throws IOException {
    return FileCondition.AS_OPENED;
  }

  /**
   * The number of sectors that the underlying device has transferred so far, for any process, as
   * the system counts them. It is constant if the system does not report it. It tells a slow device
   * from one that does not answer.
   */
  default long movedSectors() {
    return 0;
  }

  /** Releases the store's resources. Does not flush. */
  @Override
  void close() throws IOException;
}
