package io.pcache.backing;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A few bounce buffers, made when they are first needed. Whoever finds none waits for one; a holder
 * waits for the store only, so that always ends.
 *
 * <p>Thread-safety: {@link #take} and {@link #put} from any thread; {@link #close} once, after all
 * others.
 */
final class BounceBuffers implements AutoCloseable {
  /** Size of a buffer; what is larger goes in chunks. */
  static final int BUFFER_BYTES = 1 << 20;

  /** The largest alignment that any device asks for. */
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
