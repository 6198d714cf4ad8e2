package io.pcache.media;

import io.pcache.agent.CallWatch;
import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a cache device. Two verbs matter: {@link #write} is visible to readers of {@link
 * #view} at once and durable by the next {@link #sync}; {@link #sync} makes everything written
 * before it durable before anything written after it. Between the two, any part of a write may or
 * may not survive a crash, in units of 8 bytes.
 *
 * <p>Thread-safety: all methods from any thread, {@link #close} once and after all others. Writers
 * of overlapping ranges order themselves.
 *
 * <p>Errors: {@link io.pcache.error.MediaFailureException}, and {@link
 * io.pcache.error.NoSpaceException} where the device's file system has no room for a write into a
 * file whose blocks it shares or has not allocated. After a failed {@code sync} what it covered may
 * be gone, so every later {@code sync} fails too. A read through the view of a page that the device
 * cannot deliver throws {@link InternalError}; callers turn it into a typed error of the request it
 * hit.
 */
public interface Media extends AutoCloseable {
  /** The size in bytes. */
  long sizeBytes();

  /** All bytes, live and read-only. */
  MemorySegment view();

  /**
   * Writes bytes.
   *
   * @param offsetBytes where on the media
   * @param source any segment, native or heap, not part of the view
   * @param sourceOffsetBytes where in the source
   * @param lengthBytes how many
   */
  void write(long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes);

  /** Writes zeroes. */
  void zero(long offsetBytes, long lengthBytes);

  /**
   * Says that nobody needs the bytes of a range any more and that it will be written from its start
   * on. Afterwards the range reads as anything, until written. Best effort: it never fails.
   */
  void recycle(long offsetBytes, long lengthBytes);

  /** Whether every byte of a range reads as zero. */
  default boolean isZero(long offsetBytes, long lengthBytes) {
    return ZeroScan.isZero(view(), offsetBytes, lengthBytes);
  }

  /** Makes every write completed before this call durable. */
  void sync();

  /** Whether a sync has failed, so that what was written before may be gone. */
  default boolean mayHaveLostWrites() {
    return false;
  }

  /**
   * {@link #sync} for a caller in no hurry: where others have just synced and are likely to do so
   * again, it waits up to a millisecond for their next sync instead of making them wait for one of
   * its own.
   */
  default void syncWithOthers() {
    sync();
  }

  /**
   * Whether {@link #sync} waits for a device, so that callers who must not block leave it to an
   * agent.
   */
  boolean syncMayBlock();

  /**
   * Its calls of the device that have not returned; null where it never waits for one. Reads
   * through the view are not among them.
   */
  default @Nullable CallWatch calls() {
    return null;
  }

  /**
   * How much the device behind has moved so far, for whomever, in sectors as the system counts
   * them; constant where it does not tell. Shows a device that is slow from one that does not
   * answer.
   */
  default long movedSectors() {
    return 0;
  }

  /** What it is made of. */
  MediaKind kind();

  /**
   * Why it is not used as persistent memory although its place offers DAX, or may offer it; null
   * where there is nothing to say.
   */
  default @Nullable String whyNotDax() {
    return null;
  }

  /**
   * What has become of the device since it was opened. Asks the system; not for the path of
   * requests.
   *
   * @throws IOException where the system does not tell
   */
  default FileCondition condition() throws IOException {
    return FileCondition.AS_OPENED;
  }

  /** Releases mapping, descriptor and lock. Does not sync. */
  @Override
  void close();
}
