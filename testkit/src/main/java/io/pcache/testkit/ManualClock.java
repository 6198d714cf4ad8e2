package io.pcache.testkit;

import io.pcache.agent.Clock;
import java.util.concurrent.TimeUnit;

/** A clock that stands still until told otherwise. Thread-safety: none. */
public final class ManualClock implements Clock {
  private long nanos;

  /** Starts just below the largest value, as a real one may, so that it soon wraps. */
  public ManualClock() {
    nanos = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(5);
  }

  /** Lets time pass. */
  public void advance(long moreNanos) {
    nanos += moreNanos;
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public long epochMillis() {
    return TimeUnit.NANOSECONDS.toMillis(nanos);
  }

  /** Lets that much time pass. */
  @Override
  public void pause(long moreNanos) {
    advance(moreNanos);
  }
}
