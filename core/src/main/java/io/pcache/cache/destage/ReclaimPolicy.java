package io.pcache.cache.destage;

import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.ReclaimDemand;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.segment.Segments;
import java.util.function.IntSupplier;

/**
 * When segments are to be freed: where gc_percent of them are in use, where the index takes almost
 * all of the heap that it may, where a write waits or is slowed down, where the log has no segment
 * in reserve, and where write-back has passed a key set that cannot be read any more.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class ReclaimPolicy {
  private static final long ALL_PERCENT = 100;

  private final Segments segments;
  private final Throttle throttle;
  private final IndexMemory memory;
  private final ReclaimDemand demand;
  private final DamagedKeySets damagedKeySets;
  private final IntSupplier waitingWrites;
  private volatile int gcPercent;

  /**
   * Creates a policy.
   *
   * @param demand what write-back hears of it
   * @param waitingWrites how many writes wait for space
   * @param gcPercent 0–90
   */
  public ReclaimPolicy(
      Segments segments,
      Throttle throttle,
      IndexMemory memory,
      ReclaimDemand demand,
      DamagedKeySets damagedKeySets,
      IntSupplier waitingWrites,
      int gcPercent) {
    this.segments = segments;
    this.throttle = throttle;
    this.memory = memory;
    this.demand = demand;
    this.damagedKeySets = damagedKeySets;
    this.waitingWrites = waitingWrites;
    this.gcPercent = gcPercent;
  }

  /** Changes where reclaiming starts. */
  public void setGcPercent(int newGcPercent) {
    gcPercent = newGcPercent;
  }

  /** Whether key sets are to be reclaimed now. Write-back hears of it. */
  boolean decide() {
    boolean isNeeded = isNeeded();
    demand.set(isNeeded, writesWait());
    return isNeeded;
  }

  private boolean isNeeded() {
    return segments.inUse() * ALL_PERCENT >= (long) segments.count() * gcPercent
        || writesWait()
        || throttle.isActive()
        || memory.isScarce()
        || damagedKeySets.isReclaimingDue()
        || !segments.hasLogReserve();
  }

  /** Whether writes wait for space. */
  boolean writesWait() {
    return waitingWrites.getAsInt() > 0;
  }
}
