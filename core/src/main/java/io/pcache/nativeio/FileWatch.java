package io.pcache.nativeio;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Remembers the worst that was seen of a file since it was opened. A file that was cut stays cut,
 * also if it is long again: what lay behind the cut reads as zeroes then.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class FileWatch {
  private final OpenedFile opened;
  private final AtomicReference<FileCondition> worst =
      new AtomicReference<>(FileCondition.AS_OPENED);

  /** The smallest size below that at open which was seen. */
  private final AtomicLong leftByCutBytes = new AtomicLong(Long.MAX_VALUE);

  /** Whether a block device was seen to be gone. */
  private volatile boolean removed;

  FileWatch(OpenedFile opened) {
    this.opened = opened;
  }

  /** Returns the number of the device that the file is, or is on. */
  long device() {
    return opened.state().device();
  }

  /**
   * Returns the condition of the file since it was opened.
   *
   * @param nowBytes its size now
   */
  FileCondition condition(long nowBytes) throws IOException {
    lookForRemoval(nowBytes);
    FileCondition now = removed ? opened.removed() : opened.condition(smallestSizeBytes(nowBytes));
    return worst.accumulateAndGet(now, FileCondition::followedBy);
  }

  /**
   * Refuses if the file is shorter than when it was opened, or was seen to be. Refuses a block
   * device also if it was seen to be gone.
   *
   * @param nowBytes its size now
   */
  void refuseIfCut(long nowBytes) throws IOException {
    refuseIfRemoved(nowBytes);
    refuseIfCutBefore(opened.sizeBytes(), nowBytes);
  }

  /**
   * Refuses if the file ends before an offset, or was seen to.
   *
   * @param nowBytes its size now
   */
  void refuseIfCutBefore(long endBytes, long nowBytes) throws IOException {
    long smallestBytes = smallestSizeBytes(nowBytes);
    if (smallestBytes < endBytes) {
      throw new IOException(opened.describeCut(smallestBytes));
    }
  }

  /** Refuses if the file was seen to be shorter than when it was opened. */
  void refuseIfSeenCut() throws IOException {
    refuseIfCutOff(opened.sizeBytes());
  }

  /** Refuses a range that was seen to be cut off. */
  void refuseIfCutOff(long endBytes) throws IOException {
    refuseIfRemoved();
    long leftBytes = leftByCutBytes.get();
    if (endBytes > leftBytes) {
      throw new IOException(opened.describeCut(leftBytes));
    }
  }

  /**
   * Looks whether a block device is gone. The kernel gives it the size 0 then, and drops what was
   * written and not synced. So it stays gone, also if it has its size again.
   */
  private void lookForRemoval(long nowBytes) {
    if (nowBytes == 0 && opened.isBlockDevice()) {
      removed = true;
    }
  }

  /** Refuses a block device that is gone, or was seen to be. */
  void refuseIfRemoved(long nowBytes) throws IOException {
    lookForRemoval(nowBytes);
    refuseIfRemoved();
  }

  private void refuseIfRemoved() throws IOException {
    if (removed) {
      throw new IOException(opened.removed().description());
    }
  }

  private long smallestSizeBytes(long nowBytes) {
    return nowBytes < opened.sizeBytes()
        ? leftByCutBytes.accumulateAndGet(nowBytes, Math::min)
        : Math.min(nowBytes, leftByCutBytes.get());
  }
}
