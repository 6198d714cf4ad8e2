package io.pcache.cache.destage;

import io.pcache.agent.Agent;
import io.pcache.agent.Wakeup;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingRequest;
import io.pcache.backing.RequestPurpose;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.damage.BadExtents;
import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.damage.DirtyExtent;
import io.pcache.cache.damage.Salvage;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.pace.Backoff;
import io.pcache.cache.pace.HandOver;
import io.pcache.cache.pace.ReclaimDemand;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.Stripes;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.TailPosition;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogFollower;
import io.pcache.log.LogPosition;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
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
 * set is written again. dirty_tail is stored when there is nothing more to write, after a large key
 * set, and before one that overlaps what was written since: with a copy that lags behind such a
 * one, a crash would have older data written over newer again, and the backing device would be no
 * past point of the log until write-back has caught up.
 *
 * <p>Thread-safety: {@link #doWork} from one thread at a time; the positions from any.
 */
public final class Writeback implements Agent, LogFollower {
  private static final int MAX_IN_FLIGHT = 32;

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

  private final Geometry geometry;
  private final Stripes stripes;
  private final ExtentIndex index;
  private final Segments segments;
  private final BackingDevice backing;
  private final LogCommitter committer;
  private final KeySetReader reader;
  private final TailPosition storedTail;
  private final CacheHealth health;
  private final CacheCounters counters;
  private final Backoff backoff;
  private final HandOver handOver;
  private final BackingWriteGuard guard;
  private final BadExtents badExtents;
  private final DamagedKeySets damagedKeySets;
  private final ReclaimDemand demand;
  private final Throttle throttle;
  private final UnstoredKeys unstored = new UnstoredKeys();
  private final Key key = new Key();
  private final BitSet damagedKeys = new BitSet(KeySetRecord.MAX_KEYS);
  private final Wakeup ownWakeup;
  private final Wakeup reclaimerWakeup;
  private final WritebackPlan plan;
  private final KeySetHints hints;
  private @Nullable Salvage salvage;
  private List<DirtyExtent> salvaged = List.of();
  private LogPosition salvageEnd;
  private long salvagedBytes;
  private boolean dirtyBytesAreOff;

  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicReference<@Nullable PcacheException> failure = new AtomicReference<>();
  private volatile State state = State.IDLE;
  private volatile boolean stopped;
  private volatile LogPosition dirtyTail;

  /**
   * Of those that {@link LogCommitter#publishedKeySets} counts; before them those that recovery
   * found.
   */
  private volatile long passedKeySets;

  private volatile LogPosition durableDirtyTail;

  public Writeback(
      Geometry geometry,
      Stripes stripes,
      ExtentIndex index,
      Segments segments,
      BackingDevice backing,
      LogCommitter committer,
      LogPosition dirtyTail,
      long dirtyKeySets,
      CacheHealth health,
      CacheCounters counters,
      Backoff backoff,
      HandOver handOver,
      BackingWriteGuard guard,
      BadExtents badExtents,
      DamagedKeySets damagedKeySets,
      ReclaimDemand demand,
      Throttle throttle,
      Wakeup ownWakeup,
      Wakeup reclaimerWakeup) {
    this.geometry = geometry;
    this.stripes = stripes;
    this.index = index;
    this.segments = segments;
    this.backing = backing;
    this.committer = committer;
    this.reader = new KeySetReader(geometry.media(), geometry.chain(), geometry.deviceBytes());
    this.storedTail = TailPosition.dirtyTail(geometry.media(), geometry.chain().segments());
    this.health = health;
    this.counters = counters;
    this.backoff = backoff;
    this.handOver = handOver;
    this.guard = guard;
    this.badExtents = badExtents;
    this.damagedKeySets = damagedKeySets;
    this.demand = demand;
    this.throttle = throttle;
    this.ownWakeup = ownWakeup;
    this.reclaimerWakeup = reclaimerWakeup;
    this.plan = new WritebackPlan(geometry, segments);
    this.hints = new KeySetHints(index);
    this.dirtyTail = dirtyTail;
    this.passedKeySets = -dirtyKeySets;
    this.durableDirtyTail = dirtyTail;
    this.salvageEnd = dirtyTail;
  }

  @Override
  public String name() {
    return "write-back";
  }

  /** Everything before this is on the backing device. */
  public LogPosition dirtyTail() {
    return dirtyTail;
  }

  /**
   * How many key sets of the log have keys that may not be on the backing device. After one that
   * could not be read it is a guess until everything is there.
   */
  public long dirtyKeySets() {
    boolean isBehind = !dirtyTail.equals(committer.durableHead());
    return isBehind ? Math.max(1, committer.publishedKeySets() - passedKeySets) : 0;
  }

  /** The last stored dirty_tail. */
  @Override
  public LogPosition durableTail() {
    return durableDirtyTail;
  }

  /** Whether everything in the durable log is on the backing device, and the media say so. */
  public boolean isDone() {
    return state == State.IDLE && durableDirtyTail.equals(committer.durableHead());
  }

  /** For status: idle, running, backing-off or stopped. */
  public String describeState() {
    if (stopped || health.hasFailed()) {
      return "stopped";
    }
    if (backoff.isActive()) {
      return "backing-off";
    }
    return isDone() ? "idle" : "running";
  }

  /** Whether a write of this agent is under way. */
  public boolean hasRequestsInFlight() {
    return inFlight.get() > 0;
  }

  @Override
  public long dozeNanos() {
    return throttle.isActive() ? 0 : DOZE_NANOS;
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
    health.logFailed(cause);
    if (state == State.WRITING) {
      failure.compareAndSet(null, cause);
    }
  }

  private int startKeySet() {
    if (health.writeRefusal() != null) {
      return 0;
    }
    if (backoff.isWaiting()) {
      pauseStored();
      return 0;
    }
    if (dirtyTail.equals(committer.durableHead())) {
      correctDirtyBytes();
      // What is committed while this waits for a sync is in no hurry either.
      pauseStored();
      return 0;
    }
    KeySetReader.Found found = reader.readIfIntact(dirtyTail.address());
    switch (found) {
      case NOTHING -> {
        // What it finds in memory may overlap anything.
        storeTail();
        startSalvage(0);
      }
      case LAST -> moveOn(found);
      case KEYS -> {
        return startWriting();
      }
    }
    return 1;
  }

  private int startWriting() {
    if (!unstored.hasRoomFor(reader) || unstored.overlap(reader)) {
      storeTail();
    }
    setDamagedKeysAside();
    clearStop();
    plan.load(reader, damagedKeys);
    state = State.WRITING;
    return Math.max(1, writeOn());
  }

  /** What does not match its checksum does not reach the backing device: it is set aside. */
  private void setDamagedKeysAside() {
    damagedKeys.clear();
    for (int i = 0; geometry.dataCrc() && i < reader.keyCount(); i++) {
      long at = KeySetRecord.keyOffset(i);
      MemorySegment keys = reader.bytes();
      if (!KeyRecord.isClean(keys, at) && !segments.isStale(keys, at) && !isIntact(keys, at)) {
        badExtents.add(KeyRecord.off(keys, at), KeyRecord.len(keys, at));
        damagedKeys.set(i);
      }
    }
  }

  private boolean isIntact(MemorySegment keys, long at) {
    return geometry.matches(
        KeyRecord.cacheSegId(keys, at),
        KeyRecord.cacheSegOff(keys, at),
        KeyRecord.len(keys, at),
        KeyRecord.dataCrc(keys, at));
  }

  private void stop(@Nullable String why) {
    stopped = true;
    health.report(name(), why + "; write-back stands at " + dirtyTail + " and tries again");
    backoff.failed();
  }

  private void clearStop() {
    if (stopped) {
      stopped = false;
      health.clear(name());
      backoff.reset();
    }
  }

  private int writeOn() {
    int issued = 0;
    while (failure.get() == null && plan.hasNext() && inFlight.get() < MAX_IN_FLIGHT) {
      BackingRequest request = backing.tryAcquire(RequestPurpose.WRITE_BACK);
      if (request == null) {
        return issued;
      }
      prepareOrGiveBack(request);
      inFlight.incrementAndGet();
      issued++;
      if (plan.hasNext() && handOver.pays()) {
        backing.submit(request);
      } else {
        // After the last there is nothing else to do until it is over.
        carryOutHere(request);
      }
    }
    if (inFlight.get() > 0) {
      return issued;
    }
    return failure.get() != null ? retryKeySet() : flushAndFinish();
  }

  private void carryOutHere(BackingRequest request) {
    handOver.started();
    backing.execute(request);
    handOver.ended();
  }

  private void prepareOrGiveBack(BackingRequest request) {
    boolean prepared = false;
    try {
      prepare(request);
      prepared = true;
    } finally {
      if (!prepared) {
        backing.abandon(request);
      }
    }
  }

  /** Several runs a request where there are many: one that moves 4 KiB costs more than the move. */
  private void prepare(BackingRequest request) {
    List<WritebackPlan.Piece> run = plan.nextRun();
    int pieces = run.size();
    request.prepareWrite(run.getFirst().offsetBytes(), this::written);
    addPieces(request, run);
    while (plan.hasNext() && pieces < plan.piecesPerRequest()) {
      run = plan.nextRun();
      pieces += run.size();
      request.addRun(run.getFirst().offsetBytes());
      addPieces(request, run);
    }
  }

  private void addPieces(BackingRequest request, List<WritebackPlan.Piece> run) {
    long offset = run.getFirst().offsetBytes();
    guard.beforeWrite(offset, run.getLast().endBytes() - offset);
    for (WritebackPlan.Piece piece : run) {
      request.addPiece(piece.bytes());
    }
  }

  /** On this agent's own thread, which has nothing else to do meanwhile. */
  private int flushAndFinish() {
    try {
      backing.flush();
    } catch (BackingFailureException | ClosedException e) {
      failure.set(e);
      return retryKeySet();
    }
    guard.afterFlush();
    if (salvage == null) {
      finishKeySet();
    } else {
      finishSalvage(salvage);
    }
    return 1;
  }

  private void written(BackingRequest request, @Nullable PcacheException cause) {
    if (cause == null) {
      counters.writtenBackBytes.add(request.lengthBytes());
      if (!backoff.isActive()) {
        counters.writeBackProgressBytes.add(request.lengthBytes());
      }
      health.backingReads().succeeded();
    } else {
      failure.compareAndSet(null, cause);
    }
    inFlight.decrementAndGet();
    ownWakeup.wake();
  }

  private int retryKeySet() {
    PcacheException cause = failure.getAndSet(null);
    String fault =
        (cause == null ? "failed" : cause.getMessage()) + "; tried again with growing pauses";
    if (backoff.isActive()) {
      // Each try may meet the fault somewhere else.
      health.reportAgain(name(), fault);
    } else {
      health.report(name(), fault);
    }
    backoff.failed();
    salvage = null;
    state = State.IDLE;
    return 0;
  }

  private void endBackoff() {
    if (backoff.isActive()) {
      backoff.reset();
      health.clear(name());
    }
  }

  private void finishKeySet() {
    endBackoff();
    hints.load(reader);
    for (int i = 0; i < reader.keyCount(); i++) {
      if (damagedKeys.get(i)) {
        counters.cleanedBytes.add(KeyRecord.len(reader.bytes(), KeySetRecord.keyOffset(i)));
      } else {
        markClean(KeySetRecord.keyOffset(i), hints.of(i));
      }
    }
    state = State.IDLE;
    long passed = passedKeySets + 1;
    passedKeySets = passed;
    moveOn(KeySetReader.Found.KEYS);
  }

  private void markClean(long at, int hint) {
    MemorySegment keys = reader.bytes();
    if (KeyRecord.isClean(keys, at) || segments.isStale(keys, at)) {
      return;
    }
    key.load(keys, at);
    markKeyClean(hint);
  }

  private void markKeyClean(int hint) {
    stripes.of(key.offsetBytes()).markClean(key, hint);
    counters.cleanedBytes.add(key.lengthBytes());
    badExtents.repaired(key.offsetBytes(), key.lengthBytes());
  }

  private void moveOn(KeySetReader.Found found) {
    dirtyTail = reader.after(dirtyTail, found);
    // Where space is short it is reclaimed key set by key set.
    if (unstored.hasRoomFor(reader) && !throttle.isActive()) {
      unstored.add(reader);
    } else {
      storeTail();
    }
  }

  private void startSalvage(int firstSubtree) {
    salvage =
        new Salvage(
            stripes, index, segments, damagedKeySets, committer, reader, firstSubtree, ownWakeup);
    if (firstSubtree == 0) {
      salvagedBytes = 0;
    }
    state = State.SALVAGING;
  }

  private int salvageOn() {
    if (salvage == null || !salvage.isCommitted()) {
      return 0;
    }
    if (backoff.isWaiting() || health.writeRefusal() != null) {
      return 0;
    }
    salvage.findOrphans(dirtyTail);
    if (!salvage.end().equals(salvageEnd)) {
      // The first part, or more was damaged since: what earlier parts took for named may not be.
      salvageEnd = salvage.end();
      if (salvage.firstSubtree() > 0) {
        startSalvage(0);
        return 1;
      }
    }
    salvaged = new ArrayList<>();
    for (DirtyExtent orphan : salvage.orphans()) {
      if (orphan.isIntact(geometry)) {
        salvaged.add(orphan);
      } else {
        badExtents.add(orphan.offsetBytes(), orphan.lengthBytes());
      }
    }
    plan.load(salvaged);
    state = State.WRITING;
    return Math.max(1, writeOn());
  }

  private void finishSalvage(Salvage finished) {
    clearStop();
    endBackoff();
    for (DirtyExtent extent : salvaged) {
      key.range(extent.offsetBytes(), extent.lengthBytes())
          .place(extent.cacheSegId(), extent.segOffsetBytes());
      markKeyClean(index.hint(extent.offsetBytes()));
      salvagedBytes += extent.lengthBytes();
    }
    if (finished.nextSubtree() < index.subtrees()) {
      startSalvage(finished.nextSubtree());
      return;
    }
    salvage = null;
    dirtyBytesAreOff = true;
    damagedKeySets.passedByWriteback(finished.gaps(), salvagedBytes);
    dirtyTail = finished.end();
    state = State.IDLE;
    storeTail();
  }

  /**
   * What a damaged key set counted as dirty is not known; once nothing is dirty, the count is put
   * right. What is counted late belongs to a key that is staged by now, and is seen.
   */
  private void correctDirtyBytes() {
    if (dirtyBytesAreOff) {
      long tooMany = counters.dirtyBytes();
      long published = committer.publishedKeySets();
      if (!stripes.hasStagedKeys()
          && !committer.isCommitting()
          && dirtyTail.equals(committer.durableHead())) {
        counters.cleanedBytes.add(tooMany);
        passedKeySets = published;
        dirtyBytesAreOff = false;
      }
    }
  }

  private void storeTail() {
    if (durableDirtyTail.equals(dirtyTail)) {
      return;
    }
    storedTail.storeDurably(dirtyTail.address());
    durableDirtyTail = dirtyTail;
    unstored.clear();
    if (demand.isDue() || damagedKeySets.isReclaimingDue()) {
      wakeReclaimer();
    }
  }

  /** dirty_tail stays where it is for now, and whoever waits for it knows that. */
  private void pauseStored() {
    storeTail();
    if (demand.isOwed()) {
      wakeReclaimer();
    }
  }

  private void wakeReclaimer() {
    demand.told();
    reclaimerWakeup.wake();
  }
}
