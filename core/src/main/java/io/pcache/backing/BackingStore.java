package io.pcache.backing;

import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Where a backing device's bytes are: positional transfers that block until they are done. Queues,
 * pooling and completion are {@link BackingDevice}'s and the same for every store.
 *
 * <p>Offsets and lengths are multiples of 512 and lie inside the store; the device sees to that.
 * Transfers that overlap and run at the same time may be carried out in any order; transfers that
 * do not overlap never disturb each other, however close they are.
 *
 * <p>Thread-safety: {@link #read}, {@link #write} and {@link #flush} from any number of threads at
 * once; {@link #close} once, after all others.
 */
public interface BackingStore extends AutoCloseable {
  /** What it is called in messages, for example its path. */
  String name();

  /** The size in bytes, a multiple of 512 above 0, constant while it is open. */
  long sizeBytes();

  /**
   * Fills all pieces in order with the bytes from an offset on.
   *
   * @param pieces writable memory, native or heap; neither changed nor kept
   * @throws IOException where not every byte could be read; the pieces then hold anything
   */
  void read(List<MemorySegment> pieces, long offsetBytes) throws IOException;

  /**
   * Writes all pieces in order from an offset on.
   *
   * @param pieces memory, native or heap; neither changed nor kept
   * @throws IOException where not every byte could be written; each sector of the range is then old
   *     or new
   */
  void write(List<MemorySegment> pieces, long offsetBytes) throws IOException;

  /**
   * Makes every write that was complete before this call durable.
   *
   * @throws IOException where that is not certain. Any write since the last flush that succeeded
   *     may then be lost, and a later flush that succeeds says nothing about them: they have to be
   *     written again first
   */
  void flush() throws IOException;

  /**
   * What has become of the device since it was opened. Not called by who carries out requests.
   *
   * @throws IOException where that cannot be told
   */
  default FileCondition condition() throws IOException {
    return FileCondition.AS_OPENED;
  }

  /**
   * How much the device behind has moved so far, for whomever, in sectors as the system counts
   * them; constant where it does not tell. Shows a device that is slow from one that does not
   * answer.
   */
  default long movedSectors() {
    return 0;
  }

  /** Releases what it holds. Does not flush. */
  @Override
  void close() throws IOException;
}
