package io.pcache.backing;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A pool of the buffers that slices are read into. Buffers are created when they are first needed.
 * The one used last is reused first. No caller waits for a buffer: there are as many in use as
 * slices, and the pool of requests bounds those.
 *
 * <p>Thread-safety: all methods may be called from any thread.
 */
final class ReadBuffers {
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<ReadBuffer> free = new ArrayDeque<>();
  private final int bufferBytes;
  private final int mostKept;

  /**
   * Creates the pool without buffers.
   *
   * @param bufferBytes size of each buffer
   * @param mostKept how many are kept for reuse; the garbage collector takes the others
   */
  ReadBuffers(int bufferBytes, int mostKept) {
    this.bufferBytes = bufferBytes;
    this.mostKept = mostKept;
  }

  /** The size of each buffer in bytes. */
  int bufferBytes() {
    return bufferBytes;
  }

  ReadBuffer take() {
    ReadBuffer kept = poll();
    return kept == null ? new ReadBuffer(bufferBytes) : kept;
  }

  private @Nullable ReadBuffer poll() {
    lock.lock();
    try {
      return free.pollFirst();
    } finally {
      lock.unlock();
    }
  }

  void put(ReadBuffer buffer) {
    lock.lock();
    try {
      if (free.size() < mostKept) {
        free.addFirst(buffer);
      }
    } finally {
      lock.unlock();
    }
  }
}
