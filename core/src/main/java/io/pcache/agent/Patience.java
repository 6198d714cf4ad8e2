package io.pcache.agent;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Limits how long a stop waits for other work. A wait lasts as long as there is progress, plus a
 * limited time. All waits of one stop share one patience, so a hung device costs the limit only
 * once. After a wait has timed out, the next gets a tenth of the limit, until there is progress
 * again.
 *
 * <p>Thread-safety: one thread waits at a time.
 */
public final class Patience {
  /** The default limit in nanoseconds. */
  public static final long DEFAULT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long SHORTEST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final int SHARE_AFTER_GIVING_UP = 10;

  private final Clock clock;
  private final long limitNanos;
  private final LongSupplier alsoProgress;
  private final Watcher watcher;
  private boolean spent;
  private boolean isElsewhereSpent;
  private long timedOutNanos;

  /** Observes waits. It is called repeatedly while they last. */
  @FunctionalInterface
  public interface Watcher {
    /**
     * Reports that a wait continues.
     *
     * @param what the awaited event
     * @param quietNanos time since the last progress
     */
    void waiting(String what, long quietNanos);
  }

  /**
   * Creates the patience of one stop.
   *
   * @param limitNanos how long a wait continues without progress, above 0
   */
  public Patience(Clock clock, long limitNanos, Watcher watcher) {
    this(clock, limitNanos, () -> 0, watcher);
  }

  /**
   * Creates the patience of a stop whose waits depend on a device.
   *
   * @param alsoProgress a number that changes when the device makes progress; it counts in every
   *     wait
   */
  public Patience(Clock clock, long limitNanos, LongSupplier alsoProgress, Watcher watcher) {
    this.clock = clock;
    this.limitNanos = limitNanos;
    this.alsoProgress = alsoProgress;
    this.watcher = watcher;
    this.timedOutNanos = limitNanos;
  }

  /** Creates a patience with the default limit and without a watcher. */
  public static Patience standard() {
    return new Patience(SystemClock.INSTANCE, DEFAULT_NANOS, (what, quietNanos) -> {});
  }

  /**
   * Waits until an event has happened or there has been no progress for too long. An interrupt does
   * not shorten the wait. The thread's interrupt status is kept for the caller.
   *
   * @param what the awaited event, for messages
   * @param progress a number that changes with progress
   * @param over whether the wait is over
   * @return false if the wait timed out
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
          timedOutNanos = allowedNanos;
          return false;
        }
        watcher.waiting(what, quietNanos);
        // A pause ends early on an interrupted thread, but this wait must not be cut short.
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
   * Waits like {@link #await}, for an event that does not depend on anything that has timed out
   * before. The wait gets the whole limit.
   */
  public boolean awaitOther(String what, LongSupplier progress, BooleanSupplier over) {
    boolean before = spent;
    spent = false;
    boolean isOver = await(what, progress, over);
    spent |= before;
    return isOver;
  }

  /**
   * Waits for something that no device of this stop has to do with, such as another file system. It
   * gets the whole limit, but a tenth of it once such a wait has timed out. Progress elsewhere does
   * not prolong it, and its time-out shortens no other wait.
   *
   * @return false if the wait timed out
   */
  public boolean awaitElsewhere(String what, BooleanSupplier over) {
    Patience own =
        new Patience(
            clock,
            isElsewhereSpent ? Math.max(1, limitNanos / SHARE_AFTER_GIVING_UP) : limitNanos,
            watcher);
    boolean isOver = own.await(what, () -> 0, over);
    isElsewhereSpent |= !isOver;
    return isOver;
  }

  /** Reports progress that no wait has seen. The next wait gets the whole limit again. */
  public void renew() {
    spent = false;
  }

  /** How long nothing had moved when the last wait timed out; the limit if none has. */
  public long timedOutNanos() {
    return timedOutNanos;
  }

  /** The limit in seconds, for messages. */
  public long limitSeconds() {
    return TimeUnit.NANOSECONDS.toSeconds(limitNanos);
  }
}
