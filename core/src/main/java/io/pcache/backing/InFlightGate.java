package io.pcache.backing;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts submissions in flight, and admits no more once closing has begun.
 *
 * <p>Thread-safety: all methods may be called from any thread.
 */
final class InFlightGate {
  /** How a submission is handled. */
  enum Admission {
    /** Carried out. */
    ADMITTED,
    /** Refused. The completion worker still runs, and completes it. */
    REFUSED,
    /** Refused. The submitter has to complete it, because the completion worker has ended. */
    CLOSED
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private Admission admission = Admission.ADMITTED;

  /** Changed only under the lock. Read without it, so that readers never wait. */
  private final AtomicLong inFlight = new AtomicLong();

  /** Counts a submission in. One {@link #leave} has to follow. */
  Admission enter() {
    lock.lock();
    try {
      var _ = inFlight.incrementAndGet();
      return admission;
    } finally {
      lock.unlock();
    }
  }

  void leave() {
    lock.lock();
    try {
      if (inFlight.decrementAndGet() == 0) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Refuses submissions from now on. Returns false if this was the case already. */
  boolean startClosing() {
    lock.lock();
    try {
      boolean first = admission == Admission.ADMITTED;
      admission = first ? Admission.REFUSED : admission;
      return first;
    } finally {
      lock.unlock();
    }
  }

  /** Makes the closing final if nothing is in flight. Returns whether it is final. */
  boolean finishClosing() {
    lock.lock();
    try {
      if (inFlight.get() == 0) {
        admission = Admission.CLOSED;
      }
      return admission == Admission.CLOSED;
    } finally {
      lock.unlock();
    }
  }

  /** Sleeps until nothing is in flight. */
  void awaitIdle() {
    lock.lock();
    try {
      while (inFlight.get() > 0) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** How many submissions have been counted in and not out. Never waits. */
  long inFlight() {
    return inFlight.get();
  }
}
