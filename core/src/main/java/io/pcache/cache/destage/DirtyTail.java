package io.pcache.cache.destage;

import io.pcache.agent.Wakeup;
import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.pace.ReclaimDemand;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.segment.Geometry;
import io.pcache.format.TailPosition;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogFollower;
import io.pcache.log.LogPosition;

/**
 * dirty_tail, and how much of it is stored. It is stored when there is nothing more to write, after
 * a large key set, and before certain key sets. Those are the ones that overlap data written since
 * the last store.
 *
 * <p>Otherwise a crash would have write-back repeat older writes over newer ones. Until it has
 * caught up, the backing device would not be a past state of the log.
 *
 * <p>Thread-safety: {@link #position}, {@link #durableTail}, {@link #passedKeySets} and {@link
 * #isStoredAtOnce} from any thread, the others from write-back's thread.
 */
public final class DirtyTail implements LogFollower {
  private final TailPosition stored;
  private final ReclaimDemand demand;
  private final DamagedKeySets damagedKeySets;
  private final Throttle throttle;
  private final Wakeup reclaimerWakeup;
  private final KeysPastDirtyTail keysPast = new KeysPastDirtyTail();

  private volatile LogPosition position;
  private volatile LogPosition durable;

  /**
   * Relative to the key sets published since the cache was opened. Negative while key sets found by
   * recovery remain.
   */
  private volatile long passedKeySets;

  /**
   * Continues at the position that recovery found.
   *
   * @param dirtyKeySets number of key sets from there to the end of the log
   */
  public DirtyTail(
      Geometry geometry,
      LogPosition position,
      long dirtyKeySets,
      ReclaimDemand demand,
      DamagedKeySets damagedKeySets,
      Throttle throttle,
      Wakeup reclaimerWakeup) {
    this.stored = TailPosition.dirtyTail(geometry.media(), geometry.chain().segments());
    this.position = position;
    this.durable = position;
    this.passedKeySets = -dirtyKeySets;
    this.demand = demand;
    this.damagedKeySets = damagedKeySets;
    this.throttle = throttle;
    this.reclaimerWakeup = reclaimerWakeup;
  }

  /** Everything before this position is on the backing device. */
  public LogPosition position() {
    return position;
  }

  /** The last stored position. */
  @Override
  public LogPosition durableTail() {
    return durable;
  }

  /** Number of key sets with keys that it has passed, minus those that were dirty at recovery. */
  long passedKeySets() {
    return passedKeySets;
  }

  /** Corrects {@link #passedKeySets}, because a damaged gap may have held several key sets. */
  void correctPassedKeySets(long passed) {
    passedKeySets = passed;
  }

  /** Whether space is so short that every key set is stored, and reclaimed, at once. */
  boolean isStoredAtOnce() {
    return throttle.isActive();
  }

  /** Prepares for writing the key set that {@code reader} holds. */
  void aboutToWrite(KeySetReader reader) {
    if (!keysPast.hasRoomFor(reader) || keysPast.overlap(reader)) {
      store();
    }
  }

  /** Passes the key set that {@code reader} holds, which is on the backing device. */
  void passKeySet(KeySetReader reader) {
    long passed = passedKeySets + 1;
    passedKeySets = passed;
    pass(reader, KeySetReader.Found.KEYS);
  }

  /** Passes a LAST key set: the log continues in another segment. */
  void passLast(KeySetReader reader) {
    pass(reader, KeySetReader.Found.LAST);
  }

  private void pass(KeySetReader reader, KeySetReader.Found found) {
    position = reader.after(position, found);
    if (keysPast.hasRoomFor(reader) && !isStoredAtOnce()) {
      keysPast.add(reader);
    } else {
      store();
    }
  }

  /** Passes an unreadable gap, of which everything is on the backing device. */
  void passGap(LogPosition end) {
    position = end;
    store();
  }

  /** Stores the position durably, unless it is already stored. */
  void store() {
    if (durable.equals(position)) {
      return;
    }
    stored.storeDurably(position.address());
    durable = position;
    keysPast.clear();
    if (demand.isWakeUpDue() || damagedKeySets.isReclaimingDue()) {
      wakeReclaimer();
    }
  }

  /**
   * Stores the position before a pause, and sends a wake-up that is still owed to the reclaimer.
   */
  void pause() {
    store();
    if (demand.isWakeUpOwed()) {
      wakeReclaimer();
    }
  }

  private void wakeReclaimer() {
    demand.wakeUpSent();
    reclaimerWakeup.wake();
  }
}
