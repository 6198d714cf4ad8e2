package io.pcache.backing;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The memory that slices are read into, made when it is first needed and used again, the warmest
 * first. Nobody waits here: there are as many buffers in use as slices, and the pool of requests
 * bounds those.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class ReadBuffers {
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<ReadBuffer> free = new ArrayDeque<>();
  private final int bufferBytes;
  private final int mostKept;

  /**
   * Creates the pool; it has no buffer yet.
   *
   * @param bufferBytes size of each
   * @param mostKept how many are kept for later; what is beyond is left to the collector
   */
  ReadBuffers(int bufferBytes, int mostKept) {
    this.bufferBytes = bufferBytes;
    this.mostKept = mostKept;
  }

  /** The size of each in bytes. */
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
