package io.pcache.agent;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * How long whoever stops waits for others: as long as they get on, and a limited time after that.
 * All waits of one stop share it, so that what hangs is waited for once: after a wait that was
 * given up, the next gets a tenth of the limit, until something moves again.
 *
 * <p>Thread-safety: one thread waits at a time.
 */
public final class Patience {
  /** The limit where nobody has chosen another, in nanoseconds. */
  public static final long DEFAULT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long SHORTEST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final int SHARE_AFTER_GIVING_UP = 10;

  private final Clock clock;
  private final long limitNanos;
  private final LongSupplier alsoProgress;
  private final Watcher watcher;
  private boolean spent;

  /** Hears of waits, again and again while they last. */
  @FunctionalInterface
  public interface Watcher {
    /**
     * A wait goes on.
     *
     * @param what is waited for
     * @param quietNanos how long nothing has moved
     */
    void waiting(String what, long quietNanos);
  }

  /**
   * Creates the patience of one stop.
   *
   * @param limitNanos how long a wait goes on while nothing moves, above 0
   */
  public Patience(Clock clock, long limitNanos, Watcher watcher) {
    this(clock, limitNanos, () -> 0, watcher);
  }

  /**
   * The same for waits that depend on a device.
   *
   * @param alsoProgress a number that changes as that gets on, whatever is waited for
   */
  public Patience(Clock clock, long limitNanos, LongSupplier alsoProgress, Watcher watcher) {
    this.clock = clock;
    this.limitNanos = limitNanos;
    this.alsoProgress = alsoProgress;
    this.watcher = watcher;
  }

  /** What a stop has that nobody watches. */
  public static Patience standard() {
    return new Patience(SystemClock.INSTANCE, DEFAULT_NANOS, (what, quietNanos) -> {});
  }

  /**
   * Waits. An interrupt does not shorten the wait, and is kept for the caller.
   *
   * @param what is waited for, as people are told
   * @param progress a number that changes as things get on
   * @param over whether the wait is over
   * @return false where it was given up because nothing has moved for too long
   */
  public boolean await(String what, LongSupplier progress, BooleanSupplier over) {
    boolean interrupted = false;
    try {
      long allowedNanos = spent ? limitNanos / SHARE_AFTER_GIVING_UP : limitNanos;
      long before = progress.getAsLong();
      long alsoBefore = alsoProgress.getAsLong();
      long movedNanos = clock.nanoTime();
      long pauseNanos = SHORTEST_PAUSE_NANOS;
      while (!over.getAsBoolean()) {
        long now = progress.getAsLong();
        long alsoNow = alsoProgress.getAsLong();
        // Not their sum: one may fall as the other grows.
        if (now != before || alsoNow != alsoBefore) {
          before = now;
          alsoBefore = alsoNow;
          movedNanos = clock.nanoTime();
          spent = false;
          allowedNanos = limitNanos;
        }
        long quietNanos = clock.nanoTime() - movedNanos;
        if (quietNanos >= allowedNanos) {
          spent = true;
          return false;
        }
        watcher.waiting(what, quietNanos);
        // A pause ends early on an interrupted thread, and this wait is not one to be cut short.
        interrupted |= Thread.interrupted();
        clock.pause(pauseNanos);
        pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
      }
      return true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * The same for what does not depend on anything that was given up before: it gets all of the
   * limit.
   */
  public boolean awaitOther(String what, LongSupplier progress, BooleanSupplier over) {
    boolean before = spent;
    spent = false;
    boolean isOver = await(what, progress, over);
    spent |= before;
    return isOver;
  }

  /** Something has moved that no wait has seen: the next one gets all of the limit again. */
  public void renew() {
    spent = false;
  }

  /** The limit, in seconds, for people. */
  public long limitSeconds() {
    return TimeUnit.NANOSECONDS.toSeconds(limitNanos);
  }
}
