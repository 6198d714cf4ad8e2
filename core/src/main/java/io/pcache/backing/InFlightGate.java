package io.pcache.backing;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts what is in flight and lets nothing more be carried out from the moment of closing.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class InFlightGate {
  /** What becomes of a submission. */
  enum Admission {
    /** Carried out. */
    ADMITTED,
    /** Refused, and completed by the completion worker, which still runs. */
    REFUSED,
    /** Refused, and nobody is left to complete it but the submitter. */
    CLOSED
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private Admission admission = Admission.ADMITTED;

  /** Changed under the lock only, and read by who waits for nobody. */
  private final AtomicLong inFlight = new AtomicLong();

  /** Counts a submission in, to be followed by one {@link #leave}. */
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

  /** Refuses submissions from now on. Returns false where that was so already. */
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

  /** Makes the closing final if nothing is in flight; returns whether it is. */
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

  /** How many have been counted in and not out. Waits for nobody. */
  long inFlight() {
    return inFlight.get();
  }
}
