package io.pcache.backing;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A pool of up to eight bounce buffers, each created when it is first needed. {@link #take} waits
 * if all are in use. That wait always ends, because the holder of a buffer waits only for the
 * store.
 *
 * <p>Thread-safety: {@link #take} and {@link #put} may be called from any thread. {@link #close} is
 * called once, after all other calls.
 */
final class BounceBuffers implements AutoCloseable {
  /** Size of a buffer. Larger transfers go in chunks. */
  static final int BUFFER_BYTES = 1 << 20;

  /** The largest alignment that any device requires. */
  static final int ALIGNMENT_BYTES = 4096;

  private static final int MAX_BUFFERS = 8;

  private final Arena arena = Arena.ofShared();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition returned = lock.newCondition();
  private final Deque<BounceBuffer> free = new ArrayDeque<>(MAX_BUFFERS);
  private int made;

  BounceBuffer take() {
    lock.lock();
    try {
      while (free.isEmpty() && made == MAX_BUFFERS) {
        returned.awaitUninterruptibly();
      }
      if (free.isEmpty()) {
        free.push(new BounceBuffer(arena.allocate(BUFFER_BYTES, ALIGNMENT_BYTES)));
        made++;
      }
      return free.pop();
    } finally {
      lock.unlock();
    }
  }

  void put(BounceBuffer buffer) {
    buffer.end();
    lock.lock();
    try {
      free.push(buffer);
      returned.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
