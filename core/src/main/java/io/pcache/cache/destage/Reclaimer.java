package io.pcache.cache.destage;

import io.pcache.agent.Agent;
import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.pace.AgentWakeups;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.IntQueue;
import io.pcache.cache.stripe.CacheState;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.TailPosition;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogFollowers;
import io.pcache.log.LogPosition;
import java.lang.foreign.MemorySegment;

/**
 * Frees segments, oldest keys first. It removes a key's extents from the index, drops the key's
 * reference, and moves key_tail. Then it gives segments without references their next generation.
 * Each step is durable before the next relies on it. It never passes the stored dirty_tail or the
 * durable tail of another follower.
 *
 * <p>An unreadable key set is passed, because everything before dirty_tail is on the backing
 * device. Its references are unknown and so remain. Their segments stay in use until the cache is
 * reopened.
 *
 * <p>Unlike in the kernel, key_tail moves before the generations change. In the reverse order, a
 * crash in between could lose a newer key with its freed segment. An older key of the same range
 * would then be valid again.
 *
 * <p>{@link ReclaimPolicy} decides when to reclaim. This agent also keeps the log's reserved
 * segment zeroed.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time; {@link #keyTail} from any.
 */
public final class Reclaimer implements Agent {
  private static final int KEY_SETS_PER_STEP =
      IndexMemory.MAX_RECLAIMED_KEYS / KeySetRecord.MAX_KEYS;

  private final CacheState cache;
  private final ReclaimPolicy policy;
  private final Throttle throttle;
  private final DamagedKeySets damagedKeySets;
  private final StuckWrites stuckWrites;
  private final LogFollowers followers;
  private final AgentWakeups wakeups;
  private final KeySetHints hints;
  private final KeySetReader reader;
  private final TailPosition storedTail;
  private final IntQueue leftLogSegments;
  private final Key key = new Key();

  private volatile LogPosition keyTail;

  /**
   * Continues at the key_tail that recovery found.
   *
   * @param followers the followers of the log, none of which key_tail passes
   */
  public Reclaimer(
      CacheState cache,
      LogPosition keyTail,
      LogFollowers followers,
      ReclaimPolicy policy,
      Throttle throttle,
      DamagedKeySets damagedKeySets,
      StuckWrites stuckWrites,
      AgentWakeups wakeups) {
    Geometry geometry = cache.geometry();
    this.cache = cache;
    this.keyTail = keyTail;
    this.followers = followers;
    this.policy = policy;
    this.throttle = throttle;
    this.damagedKeySets = damagedKeySets;
    this.stuckWrites = stuckWrites;
    this.wakeups = wakeups;
    this.hints = new KeySetHints(cache.index());
    this.reader = geometry.newKeySetReader();
    this.storedTail = TailPosition.keyTail(geometry.media(), geometry.chain().segments());
    this.leftLogSegments = new IntQueue(cache.segments().count());
  }

  @Override
  public String name() {
    return "reclaimer";
  }

  /** Everything before this position is reclaimed. */
  public LogPosition keyTail() {
    return keyTail;
  }

  @Override
  public int doWork() {
    if (cache.health().writeRefusal() != null) {
      return 0;
    }
    try {
      return reclaim();
    } catch (MediaFailureException | NoSpaceException e) {
      cache.health().logFailed(e);
    } catch (InternalError e) {
      fail("cache device: a page of the mapping failed during reclaiming", e);
    } catch (RuntimeException | Error e) {
      fail("reclaiming failed: " + e, e);
      throw e;
    }
    return 0;
  }

  /**
   * Final, because a second try would drop references that the first has dropped already, and free
   * segments that hold data.
   */
  private void fail(String what, Throwable cause) {
    cache.health().logFailed(new MediaFailureException(what, cause));
  }

  private int reclaim() {
    int done = cache.segments().prepareReserve() ? 1 : 0;
    int freed = cache.segments().retireDead();
    boolean needed = policy.decide();
    int reclaimed = needed ? reclaimKeySets() : 0;
    if (needed && reclaimed == 0) {
      stuckWrites.help(keyTail);
    }
    if (freed + reclaimed > 0) {
      cache.counters().reclaimedSegments.add(freed);
      wakeups.writeQueue().wake();
    }
    return done + freed + reclaimed;
  }

  private int reclaimKeySets() {
    LogPosition limit = followers.durableTail();
    LogPosition position = keyTail;
    long bytes = 0;
    int keySets = 0;
    while (position.isBefore(limit) && keySets < KEY_SETS_PER_STEP) {
      KeySetReader.Found found = reader.readIfIntact(position.address());
      LogPosition next =
          found == KeySetReader.Found.NOTHING
              ? damagedKeySets.endOfGap(position, limit)
              : reader.after(position, found);
      damagedKeySets.leaving(position, next);
      if (!next.isInSegmentOf(position)) {
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
   * Drops a key. A stale key holds no reference: recovery did not count it, or an earlier attempt
   * at this key set dropped it.
   */
  private long dropKey(long at, int hint) {
    MemorySegment keys = reader.bytes();
    if (cache.segments().isStale(keys, at)) {
      return 0;
    }
    key.load(keys, at);
    cache.stripes().of(key.offsetBytes()).removeKey(key, hint);
    cache.segments().dropReferences(key.cacheSegId(), 1);
    return key.lengthBytes();
  }

  /**
   * Stores key_tail, then the generations of segments without references. Then frees these segments
   * and the log segments that key_tail has left. Each step is durable before the next. A crash in
   * between leaves no keys half replayed and no segment of theirs in use.
   */
  private void moveTail(LogPosition position) {
    storedTail.storeDurably(position.address());
    keyTail = position;
    damagedKeySets.left();
    cache.counters().reclaimedSegments.add(cache.segments().retireDead());
    while (!leftLogSegments.isEmpty()) {
      cache.segments().freeLogSegment(leftLogSegments.remove());
      cache.counters().reclaimedSegments.increment();
    }
  }
}
