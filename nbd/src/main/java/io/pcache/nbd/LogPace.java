package io.pcache.nbd;

import io.pcache.agent.Clock;
import java.util.concurrent.TimeUnit;

/**
 * Lets so many log lines a minute through, the first ones.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class LogPace {
  private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Clock clock;
  private final int perMinute;
  private boolean begun;
  private long minuteBeganNanos;
  private int admitted;

  /**
   * A pace that has let nothing through yet.
   *
   * @param perMinute how many, above 0
   */
  LogPace(Clock clock, int perMinute) {
    this.clock = clock;
    this.perMinute = perMinute;
  }

  /** Whether one more line is to be logged now. */
  synchronized boolean admits() {
    long nowNanos = clock.nanoTime();
    if (!begun || nowNanos - minuteBeganNanos >= MINUTE_NANOS) {
      begun = true;
      minuteBeganNanos = nowNanos;
      admitted = 0;
    }
    if (admitted == perMinute) {
      return false;
    }
    admitted++;
    return true;
  }
}
