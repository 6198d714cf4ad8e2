package io.pcache.cache.destage;

import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.ReclaimDemand;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.segment.Segments;
import java.util.function.IntSupplier;

/**
 * Decides when to free segments. Any of these conditions is enough: gc_percent of them are in use,
 * the index is short of memory, or the throttle is active. So is a waiting write, a log without a
 * segment in reserve, or an unreadable key set that write-back has passed.
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
   * @param demand passes each decision to write-back
   * @param waitingWrites number of writes that wait for space
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

  /** Changes gc_percent. */
  public void setGcPercent(int newGcPercent) {
    gcPercent = newGcPercent;
  }

  /** Decides whether to reclaim key sets now, and passes the decision to write-back. */
  boolean decide() {
    boolean isNeeded = isNeeded();
    demand.set(isNeeded ? neededLevel() : ReclaimDemand.Level.NONE);
    return isNeeded;
  }

  private ReclaimDemand.Level neededLevel() {
    return writesWait() ? ReclaimDemand.Level.URGENT : ReclaimDemand.Level.USUAL;
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
