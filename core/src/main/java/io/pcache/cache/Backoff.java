package io.pcache.cache;

import io.pcache.agent.Clock;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * When to try again after failures: exponentially later, with jitter, 30 s at most. Not
 * thread-safe.
 */
final class Backoff {
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Clock clock;
  private final SplittableRandom random;
  private long delayNanos;
  private long retryAtNanos;

  Backoff(Clock clock, SplittableRandom random) {
    this.clock = clock;
    this.random = random;
  }

  /** Another failure: wait longer than last time. */
  void failed() {
    delayNanos = Math.min(MAX_NANOS, Math.max(FIRST_NANOS, delayNanos * 2));
    retryAtNanos = clock.nanoTime() + delayNanos / 2 + random.nextLong(delayNanos / 2 + 1);
  }

  /** It works again. */
  void reset() {
    delayNanos = 0;
  }

  /** Whether the next try is not due yet. */
  boolean isWaiting() {
    return delayNanos > 0 && clock.nanoTime() - retryAtNanos < 0;
  }

  /** Whether the last try failed. */
  boolean isActive() {
    return delayNanos > 0;
  }
}
