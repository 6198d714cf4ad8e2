package io.pcache.block;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts the requests that a device has taken and not completed yet.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class InFlightRequests {
  private static final long POLL_NANOS = 100_000;

  private final LongAdder started = new LongAdder();
  private final LongAdder finished = new LongAdder();

  /** A request was taken. */
  void started() {
    started.increment();
  }

  /** A request is complete and its completion has run. */
  void finished() {
    finished.increment();
  }

  /** How many there are, roughly while requests come and go. */
  public long count() {
    // Read in this order, an equal pair proves that nothing was in flight in between.
    long done = finished.sum();
    return started.sum() - done;
  }

  /** How many have been completed; changes as long as requests get on. */
  public long finishedCount() {
    return finished.sum();
  }

  /** Returns when there are none. The caller sees to it that no new ones are taken for long. */
  public void awaitNone() {
    while (count() != 0) {
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
