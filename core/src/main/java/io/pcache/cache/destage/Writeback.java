package io.pcache.cache.destage;

import io.pcache.agent.Agent;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.damage.BadExtents;
import io.pcache.cache.damage.DirtyExtent;
import io.pcache.cache.pace.Backoff;
import io.pcache.cache.stripe.CacheState;
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
import org.jspecify.annotations.Nullable;

/**
 * Writes dirty data back in the order of the log: one key set at a time, its writes in flight
 * together, then a flush of the backing device, and only then dirty_tail moves on. So the backing
 * device alone is at any moment some past point of the log, a key set being the grain.
 *
 * <pre>
 *   IDLE ──key set──▶ WRITING ──all written──▶ flush ──▶ IDLE, dirty_tail one key set on
 *    │                  ▲ └──── failed: back off, then the same key set again ────┘
 *    └─unreadable─▶ SALVAGING: what it held is looked for in memory
 * </pre>
 *
 * <p>A failed flush may have lost what any write since the last good one brought, so the whole key
 * set is written again.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time, the rest from any.
 */
public final class Writeback implements Agent {
  /**
   * Where there is room, key sets may wait that long for others: waking this agent for each of a
   * client's flushes would cost more than to write them back.
   */
  private static final long DOZE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private enum State {
    IDLE,
    SALVAGING,
    WRITING
  }

  private final CacheState cache;
  private final LogCommitter committer;
  private final DirtyTail tail;
  private final BackingWrites writes;
  private final Salvaging salvaging;
  private final BadExtents badExtents;
  private final Backoff backoff;
  private final KeySetReader reader;
  private final WritebackPlan plan;
  private final KeySetHints hints;
  private final Key key = new Key();
  private final BitSet damagedKeys = new BitSet(KeySetRecord.MAX_KEYS);
  private boolean dirtyBytesAreOff;
  private volatile State state = State.IDLE;
  private volatile boolean stopped;

  /** Idle. */
  public Writeback(
      CacheState cache,
      LogCommitter committer,
      DirtyTail tail,
      BackingWrites writes,
      Salvaging salvaging,
      BadExtents badExtents,
      Backoff backoff) {
    this.cache = cache;
    this.committer = committer;
    this.tail = tail;
    this.writes = writes;
    this.salvaging = salvaging;
    this.badExtents = badExtents;
    this.backoff = backoff;
    this.reader =
        new KeySetReader(
            cache.geometry().media(), cache.geometry().chain(), cache.geometry().deviceBytes());
    this.plan = new WritebackPlan(cache.geometry(), cache.segments());
    this.hints = new KeySetHints(cache.index());
  }

  @Override
  public String name() {
    return "write-back";
  }

  /** Everything before this is on the backing device. */
  public LogPosition dirtyTail() {
    return tail.position();
  }

  /**
   * How many key sets of the log have keys that may not be on the backing device. After one that
   * could not be read it is a guess until everything is there.
   */
  public long dirtyKeySets() {
    return hasCaughtUp() ? 0 : Math.max(1, committer.publishedKeySets() - tail.passedKeySets());
  }

  private boolean hasCaughtUp() {
    return tail.position().equals(committer.durableHead());
  }

  /** Whether everything in the durable log is on the backing device, and the media say so. */
  public boolean isDone() {
    return state == State.IDLE && tail.durableTail().equals(committer.durableHead());
  }

  /** For status: idle, running, backing-off or stopped. */
  public String describeState() {
    if (stopped || cache.health().hasFailed()) {
      return "stopped";
    }
    if (backoff.isActive()) {
      return "backing-off";
    }
    return isDone() ? "idle" : "running";
  }

  /** Whether a write of this agent is under way. */
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
      return switch (state) {
        case IDLE -> startKeySet();
        case SALVAGING -> salvageOn();
        case WRITING -> writeOn();
      };
    } catch (CorruptMediaException e) {
      stop(e.getMessage());
    } catch (MediaFailureException | NoSpaceException e) {
      cacheDeviceFailed(e);
    } catch (InternalError e) {
      cacheDeviceFailed(
          new MediaFailureException(
              "cache device: a page of the mapping failed during write-back", e));
    }
    return 0;
  }

  /** What was being written is not: some of its runs may be planned and not submitted. */
  private void cacheDeviceFailed(PcacheException cause) {
    cache.health().logFailed(cause);
    if (state == State.WRITING) {
      writes.fail(cause);
    }
  }

  private int startKeySet() {
    if (cache.health().writeRefusal() != null) {
      return 0;
    }
    if (backoff.isWaiting()) {
      tail.pause();
      return 0;
    }
    if (hasCaughtUp()) {
      correctDirtyBytes();
      // What is committed while this waits for a sync is in no hurry either.
      tail.pause();
      return 0;
    }
    KeySetReader.Found found = reader.readIfIntact(tail.position().address());
    switch (found) {
      case NOTHING -> {
        // What it finds in memory may overlap anything.
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
    tail.aboutToWrite(reader);
    setDamagedKeysAside();
    clearStop();
    plan.load(reader, damagedKeys);
    state = State.WRITING;
    return Math.max(1, writeOn());
  }

  /** What does not match its checksum does not reach the backing device: it is set aside. */
  private void setDamagedKeysAside() {
    damagedKeys.clear();
    for (int i = 0; cache.geometry().dataCrc() && i < reader.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      MemorySegment keys = reader.bytes();
      boolean isDirty = !KeyRecord.isClean(keys, at) && !cache.segments().isStale(keys, at);
      if (isDirty && !cache.geometry().matches(keys, at)) {
        badExtents.add(KeyRecord.off(keys, at), KeyRecord.len(keys, at));
        damagedKeys.set(i);
      }
    }
  }

  private void stop(@Nullable String why) {
    stopped = true;
    cache
        .health()
        .report(name(), why + "; write-back stands at " + tail.position() + " and tries again");
    backoff.failed();
  }

  private void clearStop() {
    if (stopped) {
      stopped = false;
      cache.health().clear(name());
      backoff.reset();
    }
  }

  private int writeOn() {
    int issued = writes.issue(plan);
    if (!writes.areOver(plan)) {
      return issued;
    }
    return writes.hasFailed() ? retryKeySet() : flushAndFinish();
  }

  /** On this agent's own thread, which has nothing else to do meanwhile. */
  private int flushAndFinish() {
    writes.flush();
    if (writes.hasFailed()) {
      return retryKeySet();
    }
    if (salvaging.isUnderWay()) {
      finishSalvage();
    } else {
      finishKeySet();
    }
    return 1;
  }

  private int retryKeySet() {
    PcacheException cause = writes.takeFailure();
    String fault =
        (cause == null ? "failed" : cause.getMessage()) + "; tried again with growing pauses";
    if (backoff.isActive()) {
      // Each try may meet the fault somewhere else.
      cache.health().reportAgain(name(), fault);
    } else {
      cache.health().report(name(), fault);
    }
    backoff.failed();
    salvaging.abandon();
    state = State.IDLE;
    return 0;
  }

  private void endBackoff() {
    if (backoff.isActive()) {
      backoff.reset();
      cache.health().clear(name());
    }
  }

  private void finishKeySet() {
    endBackoff();
    hints.load(reader);
    for (int i = 0; i < reader.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      if (damagedKeys.get(i)) {
        cache.counters().cleanedBytes.add(KeyRecord.len(reader.bytes(), at));
      } else {
        markClean(at, hints.of(i));
      }
    }
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
    if (!salvaging.isReady() || backoff.isWaiting() || cache.health().writeRefusal() != null) {
      return 0;
    }
    List<DirtyExtent> found = salvaging.find(tail.position());
    if (found == null) {
      return 1;
    }
    plan.load(found);
    state = State.WRITING;
    return Math.max(1, writeOn());
  }

  private void finishSalvage() {
    clearStop();
    endBackoff();
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
    state = State.IDLE;
    tail.passGap(end);
  }

  /**
   * What a damaged key set counted as dirty is not known; once nothing is dirty, the count is put
   * right. What is counted late belongs to a key that is staged by now, and is seen.
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
