package io.pcache.cache.destage;

import io.pcache.agent.Agent;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.damage.BadExtents;
import io.pcache.cache.damage.DirtyExtent;
import io.pcache.cache.stripe.CacheState;
import io.pcache.error.BackingFailureException;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogPosition;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Writes dirty data back in the order of the log, one key set at a time. The writes of a key set
 * are in flight together. A flush of the backing device follows, and only then dirty_tail moves. So
 * at any moment the backing device alone is a past state of the log, to the granularity of a key
 * set.
 *
 * <pre>
 *   IDLE ──key set──▶ WRITING_KEY_SET ──all written, flush──▶ IDLE, dirty_tail moves past the key set
 *    │
 *    └──unreadable──▶ SALVAGING: finds a part of what it held in memory
 *                      │    ▲
 *                      ▼    └──────────── more parts
 *                     WRITING_SALVAGE ──all written, flush──▶ IDLE, dirty_tail moves past the gap
 *
 *   a write or a flush fails: a pause, then again from IDLE (see WritebackRetries)
 * </pre>
 *
 * <p>A failed flush may have lost any write since the last good one, so the whole key set is
 * written again.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time, the rest from any.
 */
public final class Writeback implements Agent {
  /**
   * How long key sets may wait for others while there is room. Waking this agent for each of a
   * client's flushes would cost more than to write them back.
   */
  private static final long DOZE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private enum State {
    IDLE,
    SALVAGING,
    WRITING_KEY_SET,
    WRITING_SALVAGE
  }

  private final CacheState cache;
  private final LogCommitter committer;
  private final DirtyTail tail;
  private final BackingWrites writes;
  private final Salvaging salvaging;
  private final BadExtents badExtents;
  private final WritebackRetries retries;
  private final KeySetReader reader;
  private final WritebackPlan plan;
  private final KeySetHints hints;
  private final Key key = new Key();
  private final BitSet damagedKeys = new BitSet(KeySetRecord.MAX_KEYS);

  /** Keys of the key set at dirty_tail that are counted as set aside, and as dirty no more. */
  private final BitSet countedKeys = new BitSet(KeySetRecord.MAX_KEYS);

  private boolean dirtyBytesAreOff;
  private boolean lossIsKnown;
  private volatile State state = State.IDLE;

  /** Creates an idle write-back. */
  public Writeback(
      CacheState cache,
      LogCommitter committer,
      DirtyTail tail,
      BackingWrites writes,
      Salvaging salvaging,
      BadExtents badExtents,
      WritebackRetries retries) {
    this.cache = cache;
    this.committer = committer;
    this.tail = tail;
    this.writes = writes;
    this.salvaging = salvaging;
    this.badExtents = badExtents;
    this.retries = retries;
    this.reader = cache.geometry().newKeySetReader();
    this.plan = new WritebackPlan(cache.geometry(), cache.segments());
    this.hints = new KeySetHints(cache.index());
  }

  @Override
  public String name() {
    return WritebackRetries.NAME;
  }

  /** Everything before this position is on the backing device. */
  public LogPosition dirtyTail() {
    return tail.position();
  }

  /**
   * Number of key sets in the log whose keys may not be on the backing device. After an unreadable
   * key set it is an estimate until everything is written back.
   */
  public long dirtyKeySets() {
    return hasCaughtUp() ? 0 : Math.max(1, committer.publishedKeySets() - tail.passedKeySets());
  }

  private boolean hasCaughtUp() {
    return tail.position().equals(committer.durableHead());
  }

  /**
   * Whether everything in the durable log is on the backing device and dirty_tail is stored
   * accordingly.
   */
  public boolean isDone() {
    return state == State.IDLE && tail.durableTail().equals(committer.durableHead());
  }

  /** For status: idle, running, backing-off or stopped. */
  public String describeState() {
    if (cache.health().hasFailed()) {
      return "stopped";
    }
    return switch (retries.outcome()) {
      case STOPPED -> "stopped";
      case FAILED -> "backing-off";
      case GOOD -> isDone() ? "idle" : "running";
    };
  }

  /** Whether a write to the backing device is in flight. */
  public boolean hasRequestsInFlight() {
    return writes.areInFlight();
  }

  @Override
  public long dozeNanos() {
    return tail.isStoredAtOnce() ? 0 : DOZE_NANOS;
  }

  @Override
  public int doWork() {
    try {
      reportLoss();
      retries.endWithCacheDevice();
      return switch (state) {
        case IDLE -> startKeySet();
        case SALVAGING -> salvageOn();
        case WRITING_KEY_SET, WRITING_SALVAGE -> writeOn();
      };
    } catch (CorruptMediaException e) {
      failPlan(e);
      retries.stopped(e.getMessage() + "; write-back stands at " + tail.position());
    } catch (MediaFailureException | NoSpaceException e) {
      cacheDeviceFailed(e);
    } catch (InternalError e) {
      cacheDeviceFailed(
          new MediaFailureException(
              "cache device: a page of the mapping failed during write-back", e));
    } catch (RuntimeException | Error e) {
      failPlan(new BackingFailureException("write-back failed: " + e, e));
      throw e;
    }
    return 0;
  }

  private void reportLoss() {
    if (!lossIsKnown && cache.health().hasLostCacheDevice()) {
      lossIsKnown = true;
      writes.cacheDeviceLost();
    }
  }

  private void cacheDeviceFailed(PcacheException cause) {
    cache.health().logFailed(cause);
    failPlan(cause);
  }

  /**
   * A run that the plan has handed out may not have been submitted. Without this failure the key
   * set would count as written.
   */
  private void failPlan(PcacheException cause) {
    if (state == State.WRITING_KEY_SET || state == State.WRITING_SALVAGE) {
      writes.fail(cause);
    }
  }

  private int startKeySet() {
    if (cache.health().writeRefusal() != null) {
      return 0;
    }
    if (retries.isWaiting()) {
      tail.pause();
      return 0;
    }
    if (hasCaughtUp()) {
      correctDirtyBytes();
      // Key sets that are committed during this sync are not urgent either.
      tail.pause();
      return 0;
    }
    KeySetReader.Found found = reader.readIfIntact(tail.position().address());
    switch (found) {
      case NOTHING -> {
        // The salvaged extents may overlap any earlier write.
        tail.store();
        salvaging.begin();
        state = State.SALVAGING;
      }
      case LAST -> tail.passLast(reader);
      case KEYS -> {
        return startWriting();
      }
    }
    return 1;
  }

  private int startWriting() {
    cache.geometry().media().checkLength();
    tail.aboutToWrite(reader);
    setDamagedKeysAside();
    retries.couldRead();
    plan.load(reader, damagedKeys);
    state = State.WRITING_KEY_SET;
    return Math.max(1, writeOn());
  }

  /**
   * Sets aside dirty keys that do not match their checksum, so that they do not reach the backing
   * device.
   */
  private void setDamagedKeysAside() {
    damagedKeys.clear();
    for (int i = 0; cache.geometry().dataCrc() && i < reader.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      MemorySegment keys = reader.bytes();
      boolean isDirty = !KeyRecord.isClean(keys, at) && !cache.segments().isStale(keys, at);
      if (isDirty && !cache.geometry().matches(keys, at)) {
        badExtents.add(KeyRecord.off(keys, at), KeyRecord.len(keys, at));
        damagedKeys.set(i);
        countAsSetAside(i, KeyRecord.len(keys, at));
      }
    }
  }

  /** Status adds what is set aside to what is dirty. A retry sets the same keys aside again. */
  private void countAsSetAside(int keyIndex, int lengthBytes) {
    if (!countedKeys.get(keyIndex)) {
      countedKeys.set(keyIndex);
      cache.counters().cleanedBytes.add(lengthBytes);
    }
  }

  private int writeOn() {
    int issued = writes.issue(plan);
    if (!writes.areOver(plan)) {
      return issued;
    }
    return writes.hasFailed() ? retryKeySet() : flushAndFinish();
  }

  /** Flushes on this agent's own thread, which has nothing else to do meanwhile. */
  private int flushAndFinish() {
    writes.flush();
    if (writes.hasFailed()) {
      return retryKeySet();
    }
    // If the cache device was cut meanwhile, zeroes may have been written instead of data.
    cache.geometry().media().checkLength();
    if (state == State.WRITING_SALVAGE) {
      finishSalvage();
    } else {
      finishKeySet();
    }
    return 1;
  }

  private int retryKeySet() {
    retries.failed(writes.takeFailure());
    salvaging.abandon();
    state = State.IDLE;
    return 0;
  }

  private void finishKeySet() {
    retries.succeeded();
    hints.load(reader);
    for (int i = 0; i < reader.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      if (!damagedKeys.get(i)) {
        markClean(at, hints.of(i));
      }
    }
    countedKeys.clear();
    state = State.IDLE;
    tail.passKeySet(reader);
  }

  private void markClean(long at, int hint) {
    MemorySegment keys = reader.bytes();
    if (KeyRecord.isClean(keys, at) || cache.segments().isStale(keys, at)) {
      return;
    }
    key.load(keys, at);
    markKeyClean(hint);
  }

  private void markKeyClean(int hint) {
    cache.stripes().of(key.offsetBytes()).markClean(key, hint);
    cache.counters().cleanedBytes.add(key.lengthBytes());
    badExtents.repaired(key.offsetBytes(), key.lengthBytes());
  }

  private int salvageOn() {
    if (!salvaging.isReady() || retries.isWaiting() || cache.health().writeRefusal() != null) {
      return 0;
    }
    List<DirtyExtent> found = salvaging.find(tail.position());
    if (found == null) {
      return 1;
    }
    cache.geometry().media().checkLength();
    plan.load(found);
    state = State.WRITING_SALVAGE;
    return Math.max(1, writeOn());
  }

  private void finishSalvage() {
    retries.succeeded();
    for (DirtyExtent extent : salvaging.found()) {
      key.range(extent.offsetBytes(), extent.lengthBytes())
          .place(extent.cacheSegId(), extent.segOffsetBytes());
      markKeyClean(cache.index().hint(extent.offsetBytes()));
    }
    LogPosition end = salvaging.written();
    if (end == null) {
      state = State.SALVAGING;
      return;
    }
    dirtyBytesAreOff = true;
    countedKeys.clear();
    state = State.IDLE;
    tail.passGap(end);
  }

  /**
   * Corrects the dirty count once nothing is dirty, because the share of a damaged key set is
   * unknown. Bytes that are counted late belong to a key that is staged by now, so they prevent the
   * correction.
   */
  private void correctDirtyBytes() {
    if (dirtyBytesAreOff) {
      long tooMany = cache.counters().dirtyBytes();
      long published = committer.publishedKeySets();
      if (!cache.stripes().hasStagedKeys() && !committer.isCommitting() && hasCaughtUp()) {
        cache.counters().cleanedBytes.add(tooMany);
        tail.correctPassedKeySets(published);
        dirtyBytesAreOff = false;
      }
    }
  }
}
