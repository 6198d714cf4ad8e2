package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import java.util.concurrent.TimeUnit;

/**
 * Whether reclaiming would go on if dirty_tail were further on. Write-back asks before it wakes the
 * reclaimer, once a key set, and mostly need not: nothing is to be reclaimed, or the reclaimer has
 * just been woken. What waking it costs, and that it takes a processor from somebody for a moment,
 * is to be shared by several key sets where they go fast; by fewer where writes wait, which it
 * wakes in turn.
 *
 * <p>Thread-safety: {@link #set} from any thread, the others from one.
 */
public final class ReclaimDemand {
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(2000);
  private static final long SHORT_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(400);

  private final Clock clock;
  private volatile boolean waiting = true;
  private volatile long pauseNanos = SHORT_PAUSE_NANOS;
  private long lastWakeUpNanos;
  private boolean owed;

  public ReclaimDemand(Clock clock) {
    this.clock = clock;
    this.lastWakeUpNanos = clock.nanoTime() - PAUSE_NANOS;
  }

  /**
   * The reclaimer is about to look what there is to reclaim, or has no need to.
   *
   * @param writesWait whether writes wait for it
   */
  public void set(boolean needed, boolean writesWait) {
    pauseNanos = writesWait ? SHORT_PAUSE_NANOS : PAUSE_NANOS;
    waiting = needed;
  }

  /** dirty_tail is further on. Returns whether the reclaimer is to be told now. */
  public boolean isWakeUpDue() {
    owed = waiting;
    return owed && clock.nanoTime() - lastWakeUpNanos >= pauseNanos;
  }

  /** dirty_tail stays where it is for now. Returns whether the reclaimer has not been told. */
  public boolean isWakeUpOwed() {
    return owed;
  }

  /** The reclaimer has been told. */
  public void wakeUpSent() {
    lastWakeUpNanos = clock.nanoTime();
    owed = false;
  }
}
