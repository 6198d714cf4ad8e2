package io.pcache.nbd;

import io.pcache.agent.Clock;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Payload memory that all connections share. Those who wait are served in order, so a large request
 * gets its turn however many small ones come after it; only those whose client stands still are
 * passed over. Nobody waits while holding something another one needs to finish: what is held
 * belongs to requests that are on their way in, with the device, or on their way out. Clients can
 * hold up the ways in and out; the {@link Watchdog} sees to that.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class MemoryBudget {
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
  private final Clock clock;
  private long freeBytes;

  /** Written under the lock. */
  private volatile int waiters;

  /**
   * All of it free.
   *
   * @param clock tells since when somebody waits
   */
  MemoryBudget(long totalBytes, Clock clock) {
    this.freeBytes = totalBytes;
    this.clock = clock;
  }

  /** One connection's place in the queue; a connection waits for one thing at a time. */
  static final class Waiter {
    private final Condition changed;
    private long wantedBytes;
    private long sinceNanos;

    /** Nobody would take what this waits for: its client stands still. */
    private boolean pointless;

    private boolean granted;
    private boolean abandoned;
    private boolean lookDue;

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

  /**
   * Waits its turn for memory. False if the waiter was abandoned, and nothing is taken then.
   *
   * @param look what the waiting thread does each time it is reminded; may abandon the waiter
   */
  boolean take(Waiter waiter, long bytes, Runnable look) {
    standInLine(waiter, bytes);
    boolean waited = false;
    try {
      while (isLookDueBeforeTurn(waiter)) {
        look.run();
      }
      waited = true;
    } finally {
      if (!waited) {
        abandon(waiter);
        boolean unused = settle(waiter);
      }
    }
    return settle(waiter);
  }

  private void standInLine(Waiter waiter, long bytes) {
    lock.lock();
    try {
      waiter.wantedBytes = bytes;
      waiter.granted = false;
      waiter.sinceNanos = clock.nanoTime();
      waiting.addLast(waiter);
      grant();
    } finally {
      lock.unlock();
    }
  }

  /** Waits; false once the wait is over. */
  private boolean isLookDueBeforeTurn(Waiter waiter) {
    lock.lock();
    try {
      while (!waiter.granted && !waiter.abandoned && !waiter.lookDue) {
        waiter.changed.awaitUninterruptibly();
      }
      waiter.lookDue = false;
      return !waiter.granted && !waiter.abandoned;
    } finally {
      lock.unlock();
    }
  }

  private boolean settle(Waiter waiter) {
    lock.lock();
    try {
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
    } finally {
      lock.unlock();
    }
  }

  /** Called after every change of the line and of what is free. */
  private void grant() {
    if (!waiting.isEmpty()) {
      grantInOrder();
    }
    waiters = waiting.size();
  }

  private void grantInOrder() {
    Iterator<Waiter> inOrder = waiting.iterator();
    while (inOrder.hasNext()) {
      Waiter next = inOrder.next();
      if (next.pointless) {
        continue;
      }
      if (next.wantedBytes > freeBytes) {
        return;
      }
      freeBytes -= next.wantedBytes;
      next.granted = true;
      next.changed.signal();
      inOrder.remove();
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

  /** Lets a waiter look after its client, now or when it begins to wait. */
  void remind(Waiter waiter) {
    lock.lock();
    try {
      waiter.lookDue = true;
      waiter.changed.signal();
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

  /**
   * What is missing for those who have waited too long, and for all who come before them.
   *
   * @param limitNanos how long anybody may wait
   * @return bytes, 0 where nobody has waited too long
   */
  long overdueBytes(long limitNanos) {
    lock.lock();
    try {
      long nowNanos = clock.nanoTime();
      long askedBytes = 0;
      long overdueBytes = 0;
      for (Waiter waiter : waiting) {
        if (!waiter.pointless) {
          askedBytes += waiter.wantedBytes;
          if (nowNanos - waiter.sinceNanos >= limitNanos) {
            overdueBytes = askedBytes;
          }
        }
      }
      return Math.max(0, overdueBytes - freeBytes);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Says whether it makes sense to wait for this one's sake; where it makes none, it is passed
   * over.
   */
  void setPointless(Waiter waiter, boolean pointless) {
    lock.lock();
    try {
      waiter.pointless = pointless;
      grant();
    } finally {
      lock.unlock();
    }
  }

  /** How many wait; waits for no lock. */
  int waiters() {
    return waiters;
  }

  /** What somebody waits for now, in bytes. */
  long wantedBytes(Waiter waiter) {
    lock.lock();
    try {
      return waiting.contains(waiter) ? waiter.wantedBytes : 0;
    } finally {
      lock.unlock();
    }
  }
}
