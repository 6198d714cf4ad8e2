package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How fast bytes come free, as a rate that writers keep to: each waits a little for its own bytes,
 * where otherwise most would wait for nothing, and one in several hundred until more is reclaimed.
 * It only smooths: who may write at all is not decided here.
 *
 * <p>A write books the time that its bytes take, behind the bookings of those before it. Where
 * writers have been slower than the rate they may catch up, but not on more than a fraction of a
 * millisecond.
 *
 * <p>Thread-safety: {@link #freed} from one thread at a time, {@link #await} from any.
 */
final class Pace {
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** After a longer gap nothing was waited for, or what was waited for is too slow to keep pace. */
  private static final long LONGEST_GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final long CATCH_UP_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Clock clock;

  /** When all bytes that were booked have had their time. */
  private final AtomicLong bookedUntilNanos;

  /** 0 as long as it is not known. */
  private volatile double nanosPerByte;

  private long windowStartNanos;
  private long lastFreedNanos;
  private long windowBytes;

  Pace(Clock clock) {
    this.clock = clock;
    this.windowStartNanos = clock.nanoTime();
    this.lastFreedNanos = windowStartNanos;
    this.bookedUntilNanos = new AtomicLong(windowStartNanos);
  }

  /** That much has come free. */
  void freed(long lengthBytes) {
    long now = clock.nanoTime();
    boolean gap = now - lastFreedNanos > LONGEST_GAP_NANOS;
    lastFreedNanos = now;
    windowBytes += lengthBytes;
    long window = now - windowStartNanos;
    if (window < WINDOW_NANOS && !gap) {
      return;
    }
    if (windowBytes > 0 && !gap) {
      double measured = (double) window / windowBytes;
      double before = nanosPerByte;
      nanosPerByte = before == 0 ? measured : (before + measured) / 2;
    }
    windowStartNanos = now;
    windowBytes = 0;
  }

  /**
   * Holds the caller back before it writes that much.
   *
   * @param share how much of the time that the bytes take to come free; above 1 lets writers fall
   *     behind, 0 lets them go
   */
  void await(long lengthBytes, double share) {
    long costNanos = (long) (lengthBytes * nanosPerByte * share);
    if (costNanos > 0) {
      long pauseNanos = book(costNanos);
      if (pauseNanos > 0) {
        clock.pause(pauseNanos);
      }
    }
  }

  /** Returns how long to wait for the bookings of those before. */
  private long book(long costNanos) {
    long now = clock.nanoTime();
    while (true) {
      long until = bookedUntilNanos.get();
      long ahead = Math.clamp(until - now, -CATCH_UP_NANOS, LONGEST_PAUSE_NANOS);
      if (bookedUntilNanos.compareAndSet(until, now + ahead + costNanos)) {
        return ahead;
      }
    }
  }
}
