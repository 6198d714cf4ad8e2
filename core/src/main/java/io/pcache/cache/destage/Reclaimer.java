package io.pcache.cache.destage;

import io.pcache.agent.Agent;
import io.pcache.agent.Wakeup;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.ReclaimDemand;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.IntQueue;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.Stripes;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.TailPosition;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogFollowers;
import io.pcache.log.LogPosition;
import java.lang.foreign.MemorySegment;
import java.util.function.IntSupplier;

/**
 * Frees segments, oldest keys first: removes from the index what still points at a key's bytes,
 * drops the key's reference, moves key_tail, and gives segments without references their next
 * generation, each step durable before the next relies on it. Never goes past the stored
 * dirty_tail.
 *
 * <p>A key set that cannot be read any more is passed: what lies before dirty_tail is on the
 * backing device. Which references it held is not known, so they stay, and with them the segments,
 * until the cache is opened anew.
 *
 * <p>key_tail moves before the generations change, other than in the kernel: were it the other way
 * round, a crash in between could leave an older key of a range valid whose newer key, in a segment
 * that was freed, is not.
 *
 * <p>It starts where gc_percent of the segments are in use, where the index takes almost all of the
 * heap that it may, where a write waits or is slowed down, where the log has no segment in reserve,
 * and where write-back has passed a key set that cannot be read any more; it also keeps that
 * reserve zeroed.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time; {@link #keyTail} and {@link
 * #setGcPercent} from any.
 */
public final class Reclaimer implements Agent {
  private static final int KEY_SETS_PER_STEP =
      IndexMemory.MAX_RECLAIMED_KEYS / KeySetRecord.MAX_KEYS;

  private final Stripes stripes;
  private final Segments segments;
  private final KeySetHints hints;
  private final LogCommitter committer;
  private final Writeback writeback;
  private final LogFollowers followers;
  private final Throttle throttle;
  private final IndexMemory memory;
  private final DamagedKeySets damagedKeySets;
  private final ReclaimDemand demand;
  private final KeySetReader reader;
  private final TailPosition storedTail;
  private final CacheHealth health;
  private final CacheCounters counters;
  private final IntSupplier waitingWrites;
  private final Wakeup writeQueueWakeup;
  private final IntQueue leftLogSegments;
  private final Key key = new Key();

  private volatile LogPosition keyTail;
  private volatile int gcPercent;

  public Reclaimer(
      Geometry geometry,
      Stripes stripes,
      ExtentIndex index,
      Segments segments,
      LogCommitter committer,
      Writeback writeback,
      LogFollowers followers,
      Throttle throttle,
      IndexMemory memory,
      DamagedKeySets damagedKeySets,
      ReclaimDemand demand,
      LogPosition keyTail,
      int gcPercent,
      CacheHealth health,
      CacheCounters counters,
      IntSupplier waitingWrites,
      Wakeup writeQueueWakeup) {
    this.stripes = stripes;
    this.segments = segments;
    this.hints = new KeySetHints(index);
    this.committer = committer;
    this.writeback = writeback;
    this.followers = followers;
    this.throttle = throttle;
    this.memory = memory;
    this.damagedKeySets = damagedKeySets;
    this.demand = demand;
    this.reader = new KeySetReader(geometry.media(), geometry.chain(), geometry.deviceBytes());
    this.storedTail = TailPosition.keyTail(geometry.media(), geometry.chain().segments());
    this.keyTail = keyTail;
    this.gcPercent = gcPercent;
    this.health = health;
    this.counters = counters;
    this.waitingWrites = waitingWrites;
    this.writeQueueWakeup = writeQueueWakeup;
    this.leftLogSegments = new IntQueue(segments.count());
  }

  @Override
  public String name() {
    return "reclaimer";
  }

  /** Everything before this is reclaimed. */
  public LogPosition keyTail() {
    return keyTail;
  }

  /** Changes where reclaiming starts. */
  public void setGcPercent(int newGcPercent) {
    gcPercent = newGcPercent;
  }

  @Override
  public int doWork() {
    if (health.writeRefusal() != null) {
      return 0;
    }
    try {
      return reclaim();
    } catch (MediaFailureException | NoSpaceException e) {
      health.logFailed(e);
    } catch (InternalError e) {
      health.logFailed(
          new MediaFailureException(
              "cache device: a page of the mapping failed during reclaiming", e));
    }
    return 0;
  }

  private int reclaim() {
    int done = segments.prepareReserve() ? 1 : 0;
    int freed = segments.retireDead();
    boolean needed = isNeeded();
    demand.set(needed, waitingWrites.getAsInt() > 0);
    int reclaimed = needed ? reclaimKeySets() : 0;
    if (needed && reclaimed == 0) {
      goOnIfNothingIsLeft();
    }
    if (freed + reclaimed > 0) {
      counters.reclaimedSegments.add(freed);
      writeQueueWakeup.wake();
    }
    return done + freed + reclaimed;
  }

  private boolean isNeeded() {
    long threshold = (long) segments.count() * gcPercent;
    return segments.inUse() * 100L >= threshold
        || waitingWrites.getAsInt() > 0
        || throttle.isActive()
        || memory.isScarce()
        || damagedKeySets.isReclaimingDue()
        || !segments.hasLogReserve();
  }

  /** Of what is in the log: the segments that are in use may be held by keys that are not. */
  private void goOnIfNothingIsLeft() {
    if (waitingWrites.getAsInt() > 0
        && keyTail.equals(writeback.dirtyTail())
        && writeback.isDone()) {
      committer.commitStaged();
      // Who waits for segments instead goes on when they come free.
      if (throttle.forgive()) {
        writeQueueWakeup.wake();
      }
    }
  }

  private int reclaimKeySets() {
    LogPosition limit = followers.durableTail();
    LogPosition position = keyTail;
    long bytes = 0;
    int keySets = 0;
    while (!position.equals(limit) && keySets < KEY_SETS_PER_STEP) {
      KeySetReader.Found found = reader.readIfIntact(position.address());
      LogPosition next =
          found == KeySetReader.Found.NOTHING
              ? damagedKeySets.endOfGap(position, limit)
              : reader.after(position, found);
      damagedKeySets.leaving(position, next);
      if (next.cacheSegId() != position.cacheSegId()) {
        leftLogSegments.add(position.cacheSegId());
      }
      bytes += dropKeys();
      position = next;
      keySets++;
    }
    if (keySets > 0) {
      moveTail(position);
      throttle.reclaimed(bytes);
    }
    return keySets;
  }

  private long dropKeys() {
    long bytes = 0;
    hints.load(reader);
    for (int i = 0; i < reader.keyCount(); i++) {
      bytes += dropKey(KeySetRecord.keyOffset(i), hints.of(i));
    }
    return bytes;
  }

  /**
   * A key of an older generation holds no reference: recovery dropped it, or an earlier try at this
   * key set did.
   */
  private long dropKey(long at, int hint) {
    MemorySegment keys = reader.bytes();
    if (segments.isStale(keys, at)) {
      return 0;
    }
    key.load(keys, at);
    stripes.of(key.offsetBytes()).removeKey(key, hint);
    segments.dropReferences(key.cacheSegId(), 1);
    return key.lengthBytes();
  }

  /**
   * key_tail first, then the generations of segments without references, then they and the log
   * segments that key_tail left are free: each durable before the next. A crash in between leaves
   * keys neither half replayed nor their segments in use.
   */
  private void moveTail(LogPosition position) {
    storedTail.storeDurably(position.address());
    keyTail = position;
    damagedKeySets.left();
    counters.reclaimedSegments.add(segments.retireDead());
    while (!leftLogSegments.isEmpty()) {
      segments.freeLogSegment(leftLogSegments.remove());
      counters.reclaimedSegments.increment();
    }
  }
}
