package io.pcache.nbd;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells a transfer that stands still from one that moves, without reading a clock per transfer: the
 * thread that does I/O counts, and the watchdog looks at the count now and then.
 *
 * <p>Thread-safety: {@link #begin}, {@link #moved} and {@link #end} by one thread at a time; {@link
 * #stalledNanos} by the watchdog alone.
 */
final class StallClock {
  /** Odd while a transfer is under way. */
  private final AtomicLong count = new AtomicLong();

  private long seenCount;
  private long seenAtNanos;

  void begin() {
    count.setRelease(count.getPlain() + 1);
  }

  void moved() {
    count.setRelease(count.getPlain() + 2);
  }

  void end() {
    count.setRelease(count.getPlain() + 1);
  }

  /** How long the transfer under way is known to stand still, in nanoseconds; 0 if it does not. */
  long stalledNanos(long nowNanos) {
    long now = count.getAcquire();
    boolean idle = (now & 1) == 0;
    if (idle || now != seenCount) {
      seenCount = now;
      seenAtNanos = nowNanos;
      return 0;
    }
    return nowNanos - seenAtNanos;
  }
}
