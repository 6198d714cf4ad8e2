package io.pcache.agent;

import java.util.concurrent.locks.LockSupport;

/** The machine's own clock. */
public enum SystemClock implements Clock {
  /** The only one. */
  INSTANCE;

  /** A thread that sleeps is back about this long after it should be. */
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
  @SuppressWarnings("ThreadPriorityCheck") // nothing hangs on whether it has an effect
  public void pause(long nanos) {
    if (nanos >= SHORTEST_SLEEP_NANOS) {
      LockSupport.parkNanos(nanos);
      return;
    }
    long start = System.nanoTime();
    while (System.nanoTime() - start < nanos) {
      // Where many wait awake, the one they wait for may need their processor.
      Thread.yield();
    }
  }
}
