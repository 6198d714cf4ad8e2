package io.pcache.cache;

/**
 * Whether reclaiming would go on if dirty_tail were further on. Write-back asks before it wakes the
 * reclaimer, once a key set, and mostly need not.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class ReclaimDemand {
  private volatile boolean waiting = true;

  /** The reclaimer is about to look what there is to reclaim, or has no need to. */
  void set(boolean needed) {
    waiting = needed;
  }

  /** Whether the reclaimer wants to hear of a new dirty_tail. */
  boolean isWaiting() {
    return waiting;
  }
}
