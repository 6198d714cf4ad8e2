package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The rate at which bytes become free, which paces writers. Each writer waits a little for its own
 * bytes. Otherwise most would not wait, and one in several hundred would wait for the next reclaim.
 * Pacing only smooths. It does not decide which writes are admitted.
 *
 * <p>A write books the time that its bytes take, behind the bookings before it. Writers that were
 * slower than the rate may catch up, but by at most 200 µs.
 *
 * <p>Thread-safety: {@link #freed} from one thread at a time, {@link #await} from any.
 */
final class Pace {
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /**
   * After a longer gap, either no writer waited, or the backing device is too slow to pace writers
   * by it.
   */
  private static final long LONGEST_GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final long CATCH_UP_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Clock clock;

  /** The end of the last booking. */
  private final AtomicLong bookedUntilNanos;

  /** 0 while unknown. */
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

  /** Records that bytes have become free. */
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
   * Delays the caller before it writes {@code lengthBytes}.
   *
   * @param share factor of the time in which the bytes become free; above 1 writers are slower, 0
   *     does not delay
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

  /** Books time for a write. Returns how long to wait for earlier bookings. */
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
