package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import java.util.concurrent.TimeUnit;

/**
 * Whether reclaiming would continue if dirty_tail moved on. Write-back asks once per key set before
 * it wakes the reclaimer. Usually it need not: nothing is to be reclaimed, or the reclaimer has
 * just been woken.
 *
 * <p>A wake-up costs time and takes a processor from other threads for a moment. So several fast
 * key sets share one: at most one every 2 ms. If writes wait, the reclaimer wakes them in turn, and
 * the limit is one every 400 µs.
 *
 * <p>Thread-safety: {@link #set} from any thread, the others from one.
 */
public final class ReclaimDemand {
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(2000);
  private static final long SHORT_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(400);

  /** How much the reclaimer has to do. */
  public enum Level {
    /** Nothing is to be reclaimed. */
    NONE,

    /** Key sets are to be reclaimed. */
    USUAL,

    /** Key sets are to be reclaimed, and writes wait for their space. */
    URGENT
  }

  private final Clock clock;
  private volatile Level level = Level.URGENT;
  private long lastWakeUpNanos;
  private boolean owed;

  public ReclaimDemand(Clock clock) {
    this.clock = clock;
    this.lastWakeUpNanos = clock.nanoTime() - PAUSE_NANOS;
  }

  /** Called by the reclaimer before it reclaims, or when it has no need to. */
  public void set(Level newLevel) {
    level = newLevel;
  }

  /** Records that dirty_tail has moved. Returns whether to wake the reclaimer now. */
  public boolean isWakeUpDue() {
    Level now = level;
    owed = now != Level.NONE;
    long pauseNanos = now == Level.URGENT ? SHORT_PAUSE_NANOS : PAUSE_NANOS;
    return owed && clock.nanoTime() - lastWakeUpNanos >= pauseNanos;
  }

  /**
   * For a pause of dirty_tail. Returns whether the reclaimer has not been woken yet for its last
   * moves.
   */
  public boolean isWakeUpOwed() {
    return owed;
  }

  /** Records that the reclaimer has been woken. */
  public void wakeUpSent() {
    lastWakeUpNanos = clock.nanoTime();
    owed = false;
  }
}
