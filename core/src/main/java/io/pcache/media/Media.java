package io.pcache.media;

import io.pcache.agent.CallWatch;
import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a cache device. {@link #write} is visible to readers of {@link #view} at once, and
 * durable after the next {@link #sync}. {@link #sync} makes everything written before it durable
 * before anything written after it. Until then a crash may keep any part of a write, in units of 8
 * bytes.
 *
 * <p>Thread-safety: all methods from any thread, but {@link #close} once and after all others.
 * Writers of overlapping ranges must order themselves.
 *
 * <p>Errors: {@link io.pcache.error.MediaFailureException} if the device fails. {@link
 * io.pcache.error.NoSpaceException} if the file system has no room for a write. That happens if the
 * file has shared or unallocated blocks. A failed {@code sync} may have lost the data that it
 * covered, so every later {@code sync} fails too. A read through the view throws {@link
 * InternalError} if the device cannot deliver the page. Callers convert it into a typed error of
 * the affected request.
 */
public interface Media extends AutoCloseable {
  /** Returns the size in bytes. */
  long sizeBytes();

  /** Returns a live, read-only view of all bytes. */
  MemorySegment view();

  /**
   * Writes bytes.
   *
   * @param offsetBytes offset on the media
   * @param source any segment, native or heap, not part of the view
   * @param sourceOffsetBytes offset in the source
   * @param lengthBytes number of bytes
   */
  void write(long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes);

  /** Writes zeroes. */
  void zero(long offsetBytes, long lengthBytes);

  /**
   * Declares that a range's contents are no longer needed, and that it will be rewritten from its
   * start. Until then reads of the range return arbitrary bytes. Best effort: this never fails.
   */
  void recycle(long offsetBytes, long lengthBytes);

  /** Returns whether every byte of a range reads as zero. A page that cannot be read does not. */
  default boolean isZero(long offsetBytes, long lengthBytes) {
    return ZeroScan.isZero(view(), offsetBytes, lengthBytes);
  }

  /**
   * Includes a range that an earlier process may have written in the next sync. Where a sync does
   * not cover another process's writes, this takes as long as writing the range. Elsewhere it does
   * nothing.
   */
  default void inherit(long offsetBytes, long lengthBytes) {
    // The sync of a file covers whatever anyone has written to it.
  }

  /**
   * Makes every write completed before this call durable, and every range passed to {@link
   * #inherit}. What a killed process has written need not be durable otherwise.
   */
  void sync();

  /** Returns whether a sync has failed, so that earlier writes may be lost. */
  default boolean mayHaveLostWrites() {
    return false;
  }

  /**
   * Like {@link #sync}, for a caller that can wait. If others have just synced, they are likely to
   * sync again soon. This call then waits up to a millisecond to share their next sync, so that
   * they need not wait for another one.
   */
  default void syncWithOthers() {
    sync();
  }

  /**
   * Returns whether {@link #sync} waits for a device. Callers that must not block then leave it to
   * an agent.
   */
  boolean syncMayBlock();

  /**
   * Returns the watch for device calls that have not returned, or null if this media never waits
   * for a device. Reads through the view are not watched.
   */
  default @Nullable CallWatch calls() {
    return null;
  }

  /**
   * Reads a part of the view from the device by watched calls, if it is not in memory. A failure is
   * not reported: who needs the bytes meets it too.
   *
   * @param part a part of {@link #view}
   */
  default void probe(MemorySegment part) {
    // No media without watched calls waits for a device.
  }

  /**
   * Returns how much the underlying device has transferred so far, for all its users, in the
   * system's sectors. The value is constant if the system does not report it. It distinguishes a
   * slow device from one that does not answer.
   */
  default long movedSectors() {
    return 0;
  }

  /** Returns the kind of media. */
  MediaKind kind();

  /**
   * Returns why this is not used as persistent memory although its file system offers DAX, or may
   * offer it. Null if that does not apply.
   */
  default @Nullable String whyNotDax() {
    return null;
  }

  /**
   * Returns the condition of the device since it was opened. This makes system calls and is not
   * meant for the request path.
   *
   * @throws IOException if the system does not report it
   */
  default FileCondition condition() throws IOException {
    return FileCondition.AS_OPENED;
  }

  /**
   * Checks that the device still has its whole length, in one system call at most. Bytes of a file
   * that was cut fail or read as zeroes.
   *
   * @throws io.pcache.error.MediaFailureException if it was cut since it was opened
   */
  default void checkLength() {
    // Only a file can be cut.
  }

  /** Releases mapping, descriptor and lock. Does not sync. */
  @Override
  void close();
}
