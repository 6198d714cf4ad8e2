package io.pcache.cache;

import io.pcache.agent.Agent;
import io.pcache.agent.AgentThread;
import io.pcache.agent.Patience;
import io.pcache.agent.Wakeup;
import io.pcache.backing.BackingDevice;
import io.pcache.block.AwaitedRequest;
import io.pcache.block.BlockDevice;
import io.pcache.block.BlockOp;
import io.pcache.block.BlockRequest;
import io.pcache.block.InFlightRequests;
import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import io.pcache.block.RequestBuffer;
import io.pcache.block.RequestSource;
import io.pcache.cache.commit.DirtyAges;
import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.damage.BadExtents;
import io.pcache.cache.damage.DamagedKeySets;
import io.pcache.cache.destage.BackingWrites;
import io.pcache.cache.destage.DirtyTail;
import io.pcache.cache.destage.ReclaimPolicy;
import io.pcache.cache.destage.Reclaimer;
import io.pcache.cache.destage.Salvaging;
import io.pcache.cache.destage.StuckWrites;
import io.pcache.cache.destage.Writeback;
import io.pcache.cache.destage.WritebackListener;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.health.DeviceWatch;
import io.pcache.cache.pace.AgentWakeups;
import io.pcache.cache.pace.Backoff;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.OffloadPolicy;
import io.pcache.cache.pace.ReclaimDemand;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.recovery.Recovery;
import io.pcache.cache.recovery.Staging;
import io.pcache.cache.request.DataInserter;
import io.pcache.cache.request.DataWriter;
import io.pcache.cache.request.MissFill;
import io.pcache.cache.request.Prefetch;
import io.pcache.cache.request.RangeStates;
import io.pcache.cache.request.ReadPath;
import io.pcache.cache.request.WritePath;
import io.pcache.cache.request.WriteQueue;
import io.pcache.cache.segment.DataHeads;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.CacheState;
import io.pcache.cache.stripe.Stripes;
import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import io.pcache.format.CacheInfo;
import io.pcache.format.LogBounds;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentIndex;
import io.pcache.log.LogEnd;
import io.pcache.log.LogFollower;
import io.pcache.log.LogFollowers;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWriter;
import io.pcache.log.StagedKeysPool;
import io.pcache.log.StagingOwner;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A recovered cache in front of its backing device: takes requests, and owns the agents that work
 * behind them. It does not own the media and the backing device, which its opener closes after it.
 *
 * <p>Thread-safety: all methods from any thread; {@link #close} or {@link #kill} once.
 */
public final class Cache implements BlockDevice, AutoCloseable {
  /** Stands for any thread but the caller's. Never started. */
  private static final Thread ANOTHER_THREAD = Thread.ofPlatform().unstarted(() -> {});

  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How often the devices are looked at. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Geometry geometry;
  private final BackingDevice backing;
  private final StagedKeysPool pool;
  private final CacheHealth health;
  private final CacheCounters counters = new CacheCounters();
  private final InFlightRequests inFlight = new InFlightRequests();
  private final AgentWakeups wakeups = new AgentWakeups();
  private final BadExtents badExtents;
  private final DirtyAges ages;
  private final Stripes stripes;
  private final LogFollowers followers;
  private final ExtentIndex index;
  private final IndexMemory memory;
  private final Segments segments;
  private final LogCommitter committer;
  private final DirtyTail dirtyTail;
  private final Writeback writeback;
  private final WriteQueue writeQueue;
  private final ReclaimPolicy reclaimPolicy;
  private final Reclaimer reclaimer;
  private final ReadPath reads;
  private final List<AgentThread> threads = new ArrayList<>();
  private final DeviceWatch watch;
  private @Nullable AgentThread watchThread;

  private volatile CacheInfo info;
  private @Nullable Recovery recovered;
  private volatile boolean closing;
  private volatile boolean madeDurable;

  private Cache(
      Geometry geometry,
      CacheInfo info,
      Recovery recovery,
      BackingDevice backing,
      WritebackListener listener,
      StagedKeysPool pool,
      CacheTuning tuning) {
    this.geometry = geometry;
    this.backing = backing;
    this.info = info;
    this.recovered = recovery;
    this.pool = pool;
    health = new CacheHealth(tuning.clock(), this::forgetWhatMayBeLost);
    this.watch = new DeviceWatch(geometry.media()::condition, backing::condition, health);
    index = recovery.index();
    badExtents = new BadExtents(geometry.media(), health);
    ages = new DirtyAges(counters, tuning.clock());
    counters.dirtiedBytes.add(recovery.dirtyBytes());
    ages.dirtied();
    stripes = new Stripes(tuning.stripes(), index, pool);
    segments = new Segments(geometry, recovery.segments());
    CacheState state = new CacheState(geometry, index, stripes, segments, health, counters);
    committer = newCommitter(state, recovery, tuning);
    memory = new IndexMemory(index, tuning.maxIndexBytes());
    Throttle throttle = new Throttle(segments, tuning.clock());
    DataHeads heads = new DataHeads(segments, tuning.dataHeads(), wakeups.reclaimer());
    DataInserter inserter = new DataInserter(state, heads, committer);
    DataWriter data = new DataWriter(geometry);
    MissFill fill = new MissFill(inserter, data, throttle, memory, health);
    reads = new ReadPath(state, backing, fill, badExtents);
    WritePath writes = new WritePath(inserter, data, throttle, memory, counters);
    writeQueue =
        new WriteQueue(
            writes,
            committer,
            health,
            wakeups.writeQueue(),
            wakeups.committer(),
            wakeups.writeback(),
            wakeups.reclaimer());
    ReclaimDemand demand = new ReclaimDemand(tuning.clock());
    DamagedKeySets damagedKeySets = new DamagedKeySets(geometry, segments, health);
    dirtyTail =
        new DirtyTail(
            geometry,
            recovery.dirtyTail(),
            recovery.dirtyKeySets(),
            demand,
            damagedKeySets,
            throttle,
            wakeups.reclaimer());
    writeback = newWriteback(state, listener, damagedKeySets, tuning);
    followers = new LogFollowers(dirtyTail);
    reclaimPolicy =
        new ReclaimPolicy(
            segments,
            throttle,
            memory,
            demand,
            damagedKeySets,
            writeQueue::waiting,
            info.gcPercent());
    reclaimer = newReclaimer(state, recovery.keyTail(), throttle, damagedKeySets);
  }

  private Reclaimer newReclaimer(
      CacheState state, LogPosition keyTail, Throttle throttle, DamagedKeySets damagedKeySets) {
    StuckWrites stuckWrites =
        new StuckWrites(reclaimPolicy, committer, writeback, throttle, wakeups);
    return new Reclaimer(
        state, keyTail, followers, reclaimPolicy, throttle, damagedKeySets, stuckWrites, wakeups);
  }

  private LogCommitter newCommitter(CacheState state, Recovery recovery, CacheTuning tuning) {
    LogWriter writer =
        new LogWriter(geometry.media(), geometry.chain(), recovery.keyHead(), segments);
    return new LogCommitter(state, writer, pool, ages, tuning.clock(), wakeups);
  }

  private Writeback newWriteback(
      CacheState state,
      WritebackListener listener,
      DamagedKeySets damagedKeySets,
      CacheTuning tuning) {
    Wakeup own = wakeups.writeback();
    Backoff backoff = new Backoff(tuning.clock(), new SplittableRandom(tuning.seed()));
    OffloadPolicy offload = new OffloadPolicy(tuning.clock(), tuning.offloadNanos());
    BackingWrites writes =
        new BackingWrites(backing, offload, listener, counters, health, backoff, own);
    Salvaging salvaging =
        new Salvaging(state, damagedKeySets, badExtents, committer, dirtyTail.position(), own);
    return new Writeback(state, committer, dirtyTail, writes, salvaging, badExtents, backoff);
  }

  /**
   * Recovers the cache on a device. Writes nothing, and takes no requests before {@link
   * #prepareForWriting}.
   *
   * @param info what it was formatted as
   * @param lastWriter who appended to its log last, as far as is known
   * @param closedLog where its log was when it was closed in order, or null where that is not known
   * @param listener told before write-back changes the backing device
   * @param staging where staged keys wait, and where a killed process has left some
   * @throws io.pcache.error.CorruptMediaException where something that was in the log is not
   *     readable any more
   * @throws io.pcache.error.NoSpaceException where the index needs more of the heap than it may
   *     take
   */
  public static Cache recover(
      Media media,
      CacheInfo info,
      BackingDevice backing,
      LogEnd.Writer lastWriter,
      @Nullable LogBounds closedLog,
      WritebackListener listener,
      Staging staging,
      CacheTuning tuning) {
    Geometry geometry = Geometry.of(media, info, backing.sizeBytes());
    Recovery recovery =
        Recovery.of(
            geometry,
            lastWriter,
            closedLog,
            staging,
            tuning.recoveryThreads(),
            tuning.maxIndexBytes());
    StagedKeysPool pool = new StagedKeysPool(staging.memory());
    return new Cache(geometry, info, recovery, backing, listener, pool, tuning);
  }

  /**
   * Makes the media fit for appending to the log: its first change since recovery. Durable on
   * return.
   */
  public void prepareForWriting() {
    Recovery recovery = recovered;
    if (recovery == null) {
      return;
    }
    try {
      recovery.clearBeyondHead();
      if (!recovery.survivors().isEmpty()) {
        committer.append(recovery.survivors());
      }
    } catch (PcacheException e) {
      forgetWhatMayBeLost();
      throw e;
    }
    recovered = null;
  }

  /** After a failed sync the data that staged keys name may be gone. */
  private void forgetWhatMayBeLost() {
    if (geometry.media().mayHaveLostWrites()) {
      pool.record().invalidate();
    }
  }

  /**
   * From now on a killed process leaves what it acknowledged to the next one.
   *
   * @param owner this run
   */
  public void beginStaging(StagingOwner owner) {
    pool.record().begin(owner, committer.head().address());
  }

  /** Whether every staged key lies in the memory that was given for that. */
  public boolean stagesInGivenMemory() {
    return pool.holdsAll();
  }

  /** Where the log begins: what lies before has no key in it any more. */
  public LogPosition keyTail() {
    return reclaimer.keyTail();
  }

  /**
   * Adds somebody who follows the log: from now on key_tail does not pass what he still needs. A
   * follower that lags holds segments back, and in the end writes.
   *
   * @param follower its tail is not before key_tail
   */
  public void addFollower(LogFollower follower) {
    followers.add(follower);
  }

  /** Whether the next run may take up what is staged: not after a failed sync. */
  public boolean isStagingOfUse() {
    return pool.record().isRunning();
  }

  /** Whether the cache holds the sector at a logical offset. */
  public boolean isCached(long offsetBytes) {
    boolean[] cached = new boolean[1];
    visitRangeStates(
        offsetBytes,
        SECTOR_BYTES,
        (offset, length, state) -> {
          cached[0] |= state != RangeState.MISSING;
          return true;
        });
    return cached[0];
  }

  /** The agents, to be stepped by hand; not while they have threads. */
  public List<Agent> agents() {
    return List.of(committer, writeback, reclaimer, writeQueue);
  }

  /** Gives each agent a thread. */
  public void start() {
    threads.add(AgentThread.start(committer, IDLE_NANOS, wakeups.committer()));
    threads.add(AgentThread.start(writeback, IDLE_NANOS, wakeups.writeback()));
    threads.add(AgentThread.start(reclaimer, IDLE_NANOS, wakeups.reclaimer()));
    threads.add(AgentThread.start(writeQueue, IDLE_NANOS, wakeups.writeQueue()));
    watchThread = AgentThread.start(watch, LOOK_NANOS);
  }

  @Override
  public long sizeBytes() {
    return geometry.deviceBytes();
  }

  @Override
  public void submit(BlockRequest request) {
    if (begin(request)) {
      switch (request.op()) {
        case READ -> read(request);
        case WRITE, WRITE_ZEROES -> writeQueue.submit(request);
        case FLUSH -> committer.submit(request);
        case PREFETCH -> prefetch(request);
      }
    }
  }

  @Override
  public void execute(BlockRequest request) {
    if (begin(request)) {
      switch (request.op()) {
        case READ -> read(request);
        case WRITE, WRITE_ZEROES -> writeQueue.execute(request);
        case FLUSH -> committer.execute(request);
        case PREFETCH -> prefetch(request);
      }
    }
  }

  @Override
  public void sourceClosed(RequestSource source) {
    wakeups.writeQueue().wake();
  }

  /** Takes the request in and counts it, or refuses it. */
  private boolean begin(BlockRequest request) {
    request.begin(inFlight);
    PcacheException refusal = refusal(request);
    if (refusal != null) {
      request.fail(refusal);
      request.release();
      return false;
    }
    counters.count(request);
    return true;
  }

  private void read(BlockRequest request) {
    reads.read(request);
    request.release();
  }

  private void prefetch(BlockRequest request) {
    new Prefetch(reads, request, () -> closing).readOn();
  }

  private @Nullable PcacheException refusal(BlockRequest request) {
    if (closing) {
      return new ClosedException("the cache is closed; the request was not carried out");
    }
    if (isUnusable(request)) {
      return new BadOptionException(
          request.op()
              + ": the buffer has to be open, accessible from every thread (a shared or automatic"
              + " arena, or the heap), inside its memory, and writable for a read");
    }
    long offset = request.offsetBytes();
    long length = request.lengthBytes();
    boolean aligned = (offset | length) % SECTOR_BYTES == 0;
    boolean inside = offset >= 0 && length >= 0 && offset <= sizeBytes() - length;
    if (aligned && inside && (length > 0 || request.op() == BlockOp.FLUSH)) {
      return null;
    }
    return new BadOptionException(
        "%s of %d bytes at byte %d: multiples of 512 within the device's %d bytes expected"
            .formatted(request.op(), length, offset, sizeBytes()));
  }

  /** Requests that wait, and misses, are carried out by other threads than the caller's. */
  private static boolean isUnusable(BlockRequest request) {
    RequestBuffer buffer = request.buffer();
    for (int piece = 0; piece < buffer.pieces(); piece++) {
      MemorySegment memory = buffer.memory(piece);
      if (!memory.scope().isAlive()
          || !memory.isAccessibleBy(ANOTHER_THREAD)
          || (request.op() == BlockOp.READ && memory.isReadOnly())
          || !buffer.isInsideMemory(piece)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
    RangeStates states = new RangeStates();
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; ) {
      long boundary = at - at % MediaLayout.SUBTREE_BYTES + MediaLayout.SUBTREE_BYTES;
      long to = Math.min(end, boundary);
      states.begin(at, to);
      stripes.of(at).forEachExtent(states.cursor, at, to, states);
      states.end();
      if (!states.tell(visitor)) {
        return;
      }
      at = to;
    }
  }

  /**
   * Changes where reclaiming starts, durably.
   *
   * @param gcPercent 0–90
   * @throws PcacheException where it is not in range, or the cache is closed, or the cache device
   *     fails; after the latter nothing is acknowledged any more
   */
  public synchronized void setGcPercent(int gcPercent) {
    CacheInfo.checkGcPercent(gcPercent);
    if (closing) {
      throw new ClosedException("the cache is closed; gc_percent was not changed");
    }
    CacheInfo changed = info.withGcPercent(gcPercent);
    try {
      changed.storeDurably(geometry.media());
    } catch (MediaFailureException | NoSpaceException e) {
      health.logFailed(e);
      throw e;
    }
    info = changed;
    reclaimPolicy.setGcPercent(gcPercent);
    wakeups.reclaimer().wake();
  }

  /** What the cache was formatted as, with its present gc_percent. */
  public CacheInfo info() {
    return info;
  }

  /** Makes every completed write durable, and waits for that. */
  public void flush() {
    AwaitedRequest request = new AwaitedRequest();
    request.prepareFlush();
    request.begin();
    committer.executeHere(request);
    request.await();
  }

  /** Whether nothing dirty is left, in memory or in the log. */
  public boolean isClean() {
    // In the order in which keys travel, so that none is missed on its way from one to the next.
    return !stripes.hasStagedKeys() && !committer.isCommitting() && writeback.isDone();
  }

  /** The failure that ended all acknowledging, or null while all is well. */
  public @Nullable PcacheException writeRefusal() {
    return health.writeRefusal();
  }

  /** What the cache is doing and has done. */
  public CacheSnapshot snapshot() {
    return new CacheSnapshot(
        segments.inUse(),
        committer.head().address(),
        writeback.dirtyTail().address(),
        reclaimer.keyTail().address(),
        counters.dirtyBytes(),
        writeback.dirtyKeySets(),
        ages.oldestMillis(),
        badExtents.ranges(),
        index.extentCount(),
        memory.usedBytes(),
        memory.limitBytes(),
        writeQueue.waiting(),
        counters.reads.sum(),
        counters.readHitBytes.sum(),
        counters.readMissBytes.sum(),
        counters.writes.sum(),
        counters.writtenBytes.sum(),
        counters.flushes.sum(),
        counters.writtenBackBytes.sum(),
        counters.reclaimedSegments.sum(),
        writeback.describeState(),
        watch.cacheDevice().toString(),
        watch.backingDevice().toString(),
        health.faults(),
        watch.notices());
  }

  /**
   * Takes no more requests, and waits for those in flight as long as they get on. Then writes that
   * wait for space fail: they were never acknowledged.
   *
   * @param progress a number that changes as they get on
   * @return whether nothing is in flight
   */
  public boolean finishRequests(Patience patience, LongSupplier progress) {
    closing = true;
    if (awaitRequests(patience, progress)) {
      return true;
    }
    long finished = inFlight.finishedCount();
    writeQueue.abandon();
    if (inFlight.finishedCount() != finished) {
      patience.renew();
    }
    return awaitRequests(patience, progress);
  }

  private boolean awaitRequests(Patience patience, LongSupplier progress) {
    return patience.await("requests in flight", progress, () -> inFlight.count() == 0);
  }

  /**
   * Ends in order: makes everything durable, takes no more requests, waits for those in flight and
   * stops the agents, however long that takes. Dirty data stays in the cache.
   *
   * @return where the log is
   * @throws PcacheException where the last flush failed; the agents are stopped all the same
   */
  public LogBounds shutDown() {
    closing = true;
    try {
      if (inFlight.count() > 0) {
        writeQueue.abandon();
        try {
          // Now, because those in flight may be at a device that does not answer.
          flush();
          madeDurable = true;
        } finally {
          inFlight.awaitNone();
        }
      }
      flush();
      madeDurable = true;
      stopAgents();
      return new LogBounds(
          reclaimer.keyTail().address(),
          dirtyTail.durableTail().address(),
          committer.durableHead().address());
    } finally {
      stopAgents();
      writeQueue.abandon();
      committer.abandon();
    }
  }

  /** Whether {@link #shutDown} has come so far that everything acknowledged is durable. */
  public boolean isMadeDurable() {
    return madeDurable;
  }

  /** How many requests have been completed. */
  public long finishedRequests() {
    return inFlight.finishedCount();
  }

  /** How much was written back, without what was written again after a failure. */
  public long writeBackProgressBytes() {
    return counters.writtenBackBytes.sum();
  }

  /**
   * {@link #shutDown} after its requests, for callers that do not want to know where the log ends.
   */
  @Override
  public void close() {
    var _ = finishRequests(Patience.standard(), this::finishedRequests);
    var _ = shutDown();
  }

  /**
   * Ends at once, as a killed process would: nothing is flushed. Requests that wait fail; those
   * that the backing device has are completed when it is closed.
   */
  public void kill() {
    closing = true;
    health.ended();
    stopAgents();
    writeQueue.abandon();
    committer.abandon();
  }

  /** Returns when no request is in flight. */
  public void awaitIdle() {
    inFlight.awaitNone();
  }

  private void stopAgents() {
    watch.stop();
    if (watchThread != null) {
      // It holds nothing, and a device that hangs may hold it.
      watchThread.end();
    }
    for (AgentThread thread : threads.reversed()) {
      thread.close();
    }
    threads.clear();
    while (writeback.hasRequestsInFlight()) {
      if (!backing.stepInCaller()) {
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }
}
