package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Decides when to retry after failures. The delay grows exponentially with jitter, from 50 ms to at
 * most 30 s. Not thread-safe.
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

  /** Records another failure. The next delay is longer than the last. */
  public void failed() {
    delayNanos = Math.min(MAX_NANOS, Math.max(FIRST_NANOS, delayNanos * 2));
    retryAtNanos = clock.nanoTime() + delayNanos / 2 + random.nextLong(delayNanos / 2 + 1);
  }

  /** Records a success. */
  public void reset() {
    delayNanos = 0;
  }

  /** Whether the next retry is not due yet. */
  public boolean isWaiting() {
    return delayNanos > 0 && clock.nanoTime() - retryAtNanos < 0;
  }

  /** Whether the last attempt failed. */
  public boolean isActive() {
    return delayNanos > 0;
  }
}
