package io.pcache.block;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts the requests that a device has accepted and not completed yet.
 *
 * <p>Thread-safety: all methods may be called from any thread.
 */
public final class InFlightRequests {
  private static final long POLL_NANOS = 100_000;

  private final LongAdder started = new LongAdder();
  private final LongAdder finished = new LongAdder();

  /** Counts an accepted request. */
  void started() {
    started.increment();
  }

  /** Counts a request that is complete and whose completion has run. */
  void finished() {
    finished.increment();
  }

  /** The number in flight, approximate while requests come and go. */
  public long count() {
    // Read in this order, an equal pair proves that no request was in flight in between.
    long done = finished.sum();
    return started.sum() - done;
  }

  /** The number of completed requests. It changes as long as requests make progress. */
  public long finishedCount() {
    return finished.sum();
  }

  /** Waits until there are none. The caller ensures that soon no new ones are accepted. */
  public void awaitNone() {
    while (count() != 0) {
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
