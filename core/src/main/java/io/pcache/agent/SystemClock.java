package io.pcache.agent;

import java.util.concurrent.locks.LockSupport;

/** The clock of the machine. */
public enum SystemClock implements Clock {
  /** The only instance. */
  INSTANCE;

  /** A thread that sleeps wakes about this much later than requested. */
  private static final long SHORTEST_SLEEP_NANOS = 60_000;

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long epochMillis() {
    return System.currentTimeMillis();
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // correctness does not depend on its effect
  public void pause(long nanos) {
    if (nanos >= SHORTEST_SLEEP_NANOS) {
      LockSupport.parkNanos(nanos);
      return;
    }
    long start = System.nanoTime();
    while (System.nanoTime() - start < nanos) {
      // With many busy waiters, the thread that they wait for may need their processor.
      Thread.yield();
    }
  }
}
