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
 * Where write-back stands, and which of that the media know. It is stored when there is nothing
 * more to write, after a large key set, and before one that overlaps what was written since: with a
 * copy that lags behind such a one, a crash would have older data written over newer again, and the
 * backing device would be no past point of the log until write-back has caught up.
 *
 * <p>Thread-safety: {@link #position}, {@link #durableTail}, {@link #passedKeySets} and {@link
 * #isStoredAtOnce} from any thread, the others from that of write-back.
 */
public final class DirtyTail implements LogFollower {
  private final TailPosition stored;
  private final ReclaimDemand demand;
  private final DamagedKeySets damagedKeySets;
  private final Throttle throttle;
  private final Wakeup reclaimerWakeup;
  private final KeysPastDirtyTail unstored = new KeysPastDirtyTail();

  private volatile LogPosition position;
  private volatile LogPosition durable;

  /** Of those that the log has had; below 0 those that recovery found. */
  private volatile long passedKeySets;

  /**
   * Goes on where recovery found it.
   *
   * @param dirtyKeySets how many key sets lie behind it
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

  /** Everything before this is on the backing device. */
  public LogPosition position() {
    return position;
  }

  /** The last stored one. */
  @Override
  public LogPosition durableTail() {
    return durable;
  }

  /** How many key sets with keys it has passed, less those that recovery found before it. */
  long passedKeySets() {
    return passedKeySets;
  }

  /** What {@link #passedKeySets} says is not so: a damaged key set may have been several. */
  void correctPassedKeySets(long passed) {
    passedKeySets = passed;
  }

  /** Whether space is so short that it is reclaimed key set by key set. */
  boolean isStoredAtOnce() {
    return throttle.isActive();
  }

  /** The key set that {@code reader} holds is about to be written. */
  void aboutToWrite(KeySetReader reader) {
    if (!unstored.hasRoomFor(reader) || unstored.overlap(reader)) {
      store();
    }
  }

  /** The key set that {@code reader} holds is on the backing device. */
  void passKeySet(KeySetReader reader) {
    long passed = passedKeySets + 1;
    passedKeySets = passed;
    pass(reader, KeySetReader.Found.KEYS);
  }

  /** The log goes on in another segment. */
  void passLast(KeySetReader reader) {
    pass(reader, KeySetReader.Found.LAST);
  }

  private void pass(KeySetReader reader, KeySetReader.Found found) {
    position = reader.after(position, found);
    if (unstored.hasRoomFor(reader) && !isStoredAtOnce()) {
      unstored.add(reader);
    } else {
      store();
    }
  }

  /** All that could not be read up to there is on the backing device. */
  void passGap(LogPosition end) {
    position = end;
    store();
  }

  /** Stores it durably, unless it is. */
  void store() {
    if (durable.equals(position)) {
      return;
    }
    stored.storeDurably(position.address());
    durable = position;
    unstored.clear();
    if (demand.isWakeUpDue() || damagedKeySets.isReclaimingDue()) {
      wakeReclaimer();
    }
  }

  /** It stays where it is for now, and whoever waits for it knows that. */
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
