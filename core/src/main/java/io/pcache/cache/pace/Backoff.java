package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * When to try again after failures: exponentially later, with jitter, 30 s at most. Not
 * thread-safe.
 */
public final class Backoff {
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Clock clock;
  private final SplittableRandom random;
  private long delayNanos;
  private long retryAtNanos;

  public Backoff(Clock clock, SplittableRandom random) {
    this.clock = clock;
    this.random = random;
  }

  /** Another failure: wait longer than last time. */
  public void failed() {
    delayNanos = Math.min(MAX_NANOS, Math.max(FIRST_NANOS, delayNanos * 2));
    retryAtNanos = clock.nanoTime() + delayNanos / 2 + random.nextLong(delayNanos / 2 + 1);
  }

  /** It works again. */
  public void reset() {
    delayNanos = 0;
  }

  /** Whether the next try is not due yet. */
  public boolean isWaiting() {
    return delayNanos > 0 && clock.nanoTime() - retryAtNanos < 0;
  }

  /** Whether the last try failed. */
  public boolean isActive() {
    return delayNanos > 0;
  }
}
