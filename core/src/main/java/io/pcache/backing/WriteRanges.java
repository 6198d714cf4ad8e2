package io.pcache.backing;

import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The block ranges that are being written. No two of them overlap. A write of part of a block reads
 * the block, changes it and writes it back. That would undo another write to the same block in
 * between.
 *
 * <p>The lock guards only the list. It is not held while a range is written.
 *
 * <p>Thread-safety: all methods may be called from any thread.
 */
final class WriteRanges {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition left = lock.newCondition();
  private long[] starts = new long[16];
  private long[] ends = new long[16];
  private int count;

  /** Waits until no write overlaps, then enters the range. */
  void enter(long startBytes, long endBytes) {
    lock.lock();
    try {
      while (overlapsAny(startBytes, endBytes)) {
        left.awaitUninterruptibly();
      }
      if (count == starts.length) {
        starts = Arrays.copyOf(starts, 2 * count);
        ends = Arrays.copyOf(ends, 2 * count);
      }
      starts[count] = startBytes;
      ends[count] = endBytes;
      count++;
    } finally {
      lock.unlock();
    }
  }

  /** Leaves the entered range that begins at {@code startBytes}. */
  void leave(long startBytes) {
    lock.lock();
    try {
      int index = 0;
      while (starts[index] != startBytes) {
        index++;
      }
      count--;
      starts[index] = starts[count];
      ends[index] = ends[count];
      left.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean overlapsAny(long startBytes, long endBytes) {
    for (int i = 0; i < count; i++) {
      if (startBytes < ends[i] && starts[i] < endBytes) {
        return true;
      }
    }
    return false;
  }
}
