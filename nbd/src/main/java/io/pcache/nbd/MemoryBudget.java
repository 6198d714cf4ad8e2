package io.pcache.nbd;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Payload memory that all connections share. Those who wait are served strictly in order, so a
 * large request gets its turn however many small ones come after it. Nobody waits while holding
 * something another one needs to finish: what is held belongs to requests that are with the device
 * or on their way out.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class MemoryBudget {
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
  private long freeBytes;

  MemoryBudget(long totalBytes) {
    freeBytes = totalBytes;
  }

  /** One connection's place in the queue; a connection waits for one thing at a time. */
  static final class Waiter {
    private final Condition changed;
    private long wantedBytes;
    private boolean granted;
    private boolean abandoned;

    private Waiter(Condition changed) {
      this.changed = changed;
    }
  }

  Waiter newWaiter() {
    return new Waiter(lock.newCondition());
  }

  /** Takes memory if it is there and nobody waits for it. */
  boolean tryTake(long bytes) {
    lock.lock();
    try {
      boolean possible = waiting.isEmpty() && freeBytes >= bytes;
      if (possible) {
        freeBytes -= bytes;
      }
      return possible;
    } finally {
      lock.unlock();
    }
  }

  /** Waits its turn for memory. False if the waiter was abandoned, and nothing is taken then. */
  boolean take(Waiter waiter, long bytes) {
    lock.lock();
    try {
      waiter.wantedBytes = bytes;
      waiter.granted = false;
      waiting.addLast(waiter);
      grant();
      while (!waiter.granted && !waiter.abandoned) {
        waiter.changed.awaitUninterruptibly();
      }
      return settle(waiter);
    } finally {
      lock.unlock();
    }
  }

  private boolean settle(Waiter waiter) {
    if (!waiter.abandoned) {
      return true;
    }
    if (waiter.granted) {
      freeBytes += waiter.wantedBytes;
    } else {
      boolean unused = waiting.remove(waiter);
    }
    grant();
    return false;
  }

  private void grant() {
    Waiter first = waiting.peekFirst();
    while (first != null && first.wantedBytes <= freeBytes) {
      freeBytes -= first.wantedBytes;
      first.granted = true;
      first.changed.signal();
      waiting.removeFirst();
      first = waiting.peekFirst();
    }
  }

  void give(long bytes) {
    lock.lock();
    try {
      freeBytes += bytes;
      grant();
    } finally {
      lock.unlock();
    }
  }

  /** Ends a waiter's wait, now or when it begins one. */
  void abandon(Waiter waiter) {
    lock.lock();
    try {
      waiter.abandoned = true;
      waiter.changed.signal();
    } finally {
      lock.unlock();
    }
  }

  long freeBytes() {
    lock.lock();
    try {
      return freeBytes;
    } finally {
      lock.unlock();
    }
  }
}
