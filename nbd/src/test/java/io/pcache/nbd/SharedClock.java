package io.pcache.nbd;

import io.pcache.agent.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A clock that stands still until a test lets time pass, for a server with its threads. */
final class SharedClock implements Clock {
  private static final long REST_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

  /** Starts just below the largest value, as a real one may, so that it soon wraps. */
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(5));

  void advance(long moreNanos) {
    long unused = nanos.addAndGet(moreNanos);
  }

  @Override
  public long nanoTime() {
    return nanos.get();
  }

  /** Counts from what {@link #nanoTime} starts with, where it begins at a million. */
  @Override
  public long epochMillis() {
    long passedNanos = nanos.get() - (Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(5));
    return 1_000_000 + TimeUnit.NANOSECONDS.toMillis(passedNanos);
  }

  /** Lets that much time pass, and others run. */
  @Override
  public void pause(long moreNanos) {
    advance(moreNanos);
    LockSupport.parkNanos(REST_NANOS);
  }
}
