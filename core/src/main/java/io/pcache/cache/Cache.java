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
import io.pcache.cache.destage.WritebackRetries;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.health.DeviceWatch;
import io.pcache.cache.insert.DataInserter;
import io.pcache.cache.insert.DataWriter;
import io.pcache.cache.pace.AgentWakeups;
import io.pcache.cache.pace.Backoff;
import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.pace.OffloadPolicy;
import io.pcache.cache.pace.ReclaimDemand;
import io.pcache.cache.pace.Throttle;
import io.pcache.cache.recovery.Recovery;
import io.pcache.cache.recovery.Staging;
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
 * A recovered cache in front of its backing device. It accepts requests and owns the background
 * agents. It owns neither the media nor the backing device. The opener closes both after the cache.
 *
 * <p>Thread-safety: all methods from any thread; {@link #close} or {@link #kill} once.
 */
public final class Cache implements BlockDevice, AutoCloseable {
  /** Represents any thread other than the caller's. Never started. */
  private static final Thread ANOTHER_THREAD = Thread.ofPlatform().unstarted(() -> {});

  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Interval between two checks of the devices. */
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
    WritebackRetries retries = new WritebackRetries(health, backoff);
    OffloadPolicy offload = new OffloadPolicy(tuning.clock(), tuning.offloadNanos());
    BackingWrites writes =
        new BackingWrites(backing, offload, listener, counters, health, retries, own);
    Salvaging salvaging =
        new Salvaging(state, damagedKeySets, badExtents, committer, dirtyTail.position(), own);
    return new Writeback(state, committer, dirtyTail, writes, salvaging, badExtents, retries);
  }

  /**
   * Recovers the cache on a device. Writes nothing. The cache accepts no requests before {@link
   * #prepareForWriting}.
   *
   * @param info the cache_info record of the cache
   * @param lastWriter who appended to the log last, as far as is known
   * @param closedLog the log's positions at its last orderly close, or null if unknown
   * @param listener called before write-back changes the backing device
   * @param staging where staged keys are kept, and where a killed process may have left some
   * @throws io.pcache.error.CorruptMediaException if a part of the log is no longer readable
   * @throws io.pcache.error.NoSpaceException if the index needs more heap than its limit
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
   * Prepares the media for appending to the log. This is the first change of the media since
   * recovery. Durable on return.
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

  /** After a failed sync, the data of staged keys may be lost. */
  private void forgetWhatMayBeLost() {
    if (geometry.media().mayHaveLostWrites()) {
      pool.record().invalidate();
    }
  }

  /**
   * Starts keeping staged keys for the next process. From now on, that process can recover
   * acknowledged writes if this one is killed.
   *
   * @param owner this run
   */
  public void beginStaging(StagingOwner owner) {
    pool.record().begin(owner, committer.head().address());
  }

  /** Whether every staged key is in the memory passed as {@link Staging}, and none in the heap. */
  public boolean stagesInGivenMemory() {
    return pool.holdsAll();
  }

  /** Where the log begins. No key before this position is needed any more. */
  public LogPosition keyTail() {
    return reclaimer.keyTail();
  }

  /**
   * Adds a follower of the log before {@link #start}. From now on key_tail does not pass the
   * follower's durable tail. A follower that lags keeps segments in use and eventually holds up
   * writes.
   *
   * @throws IllegalArgumentException if the follower's durable tail is before key_tail: the log no
   *     longer has what it needs
   * @throws IllegalStateException if the cache was started: key_tail may move meanwhile
   */
  public void addFollower(LogFollower follower) {
    if (watchThread != null) {
      throw new IllegalStateException("followers are added before the cache is started");
    }
    LogPosition tail = follower.durableTail();
    if (tail.isBefore(keyTail())) {
      throw new IllegalArgumentException(
          "a follower needs the log from %s on, but it begins at %s".formatted(tail, keyTail()));
    }
    followers.add(follower);
  }

  /** Whether the next run may use the staged keys. False after a failed sync. */
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

  /** The agents, for stepping by hand. Not to be stepped while they have threads. */
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

  /** Accepts and counts the request, or refuses it. */
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

  /** Waiting requests and misses run on other threads than the caller's. */
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
      long to = Math.min(end, MediaLayout.subtreeEnd(at));
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
   * Changes gc_percent, the percentage of segments in use at which reclaiming starts. Durable on
   * return.
   *
   * @param gcPercent 0–90
   * @throws PcacheException if the value is out of range, the cache is closed, or the cache device
   *     fails. After a failure of the cache device nothing more is acknowledged.
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

  /** The cache_info record, with the current gc_percent. */
  public CacheInfo info() {
    return info;
  }

  /** Makes every completed write durable. Blocks until it is. */
  public void flush() {
    AwaitedRequest request = new AwaitedRequest();
    request.prepareFlush();
    request.begin();
    committer.executeHere(request);
    request.await();
  }

  /** Whether no dirty data is left, neither in the stages nor in the log. */
  public boolean isClean() {
    // Keys move from the stages through a commit to the log. Checking in that order misses none.
    return !stripes.hasStagedKeys() && !committer.isCommitting() && writeback.isDone();
  }

  /** The failure after which nothing is acknowledged, or null if there is none. */
  public @Nullable PcacheException writeRefusal() {
    return health.writeRefusal();
  }

  /** A snapshot of the cache's state and counters. */
  public CacheSnapshot snapshot() {
    long dirtyBytes = counters.dirtyBytes();
    return new CacheSnapshot(
        segments.inUse(),
        committer.head().address(),
        writeback.dirtyTail().address(),
        reclaimer.keyTail().address(),
        dirtyBytes,
        // Staged keys will be in one key set at least.
        Math.max(writeback.dirtyKeySets(), dirtyBytes > 0 ? 1 : 0),
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
   * Refuses new requests, and waits for those in flight as long as they make progress. If they do
   * not finish, fails the writes that wait for space, and waits once more. Those writes were never
   * acknowledged.
   *
   * @param progress a number that changes whenever the requests make progress
   * @return whether no request is in flight
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
   * Shuts down in an orderly way. Makes everything durable, refuses new requests, waits for those
   * in flight, and stops the agents. No time limit applies. Dirty data stays in the cache.
   *
   * @return the log's positions
   * @throws PcacheException if the last flush failed; the agents are stopped all the same
   */
  public LogBounds shutDown() {
    closing = true;
    try {
      if (inFlight.count() > 0) {
        writeQueue.abandon();
        try {
          // Flush before waiting: requests in flight may be at a device that does not answer.
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

  /** Whether {@link #shutDown} has made everything acknowledged durable. */
  public boolean isMadeDurable() {
    return madeDurable;
  }

  /** The number of completed requests. */
  public long finishedRequests() {
    return inFlight.finishedCount();
  }

  /** Bytes written back. Data that is written again after a failure does not count. */
  public long writeBackProgressBytes() {
    return counters.writtenBackBytes.sum();
  }

  /**
   * Finishes the requests and then calls {@link #shutDown}, for callers that do not need the log's
   * positions.
   */
  @Override
  public void close() {
    var _ = finishRequests(Patience.standard(), this::finishedRequests);
    var _ = shutDown();
  }

  /**
   * Stops at once, as a killed process would, and flushes nothing. Waiting requests fail. Requests
   * already at the backing device complete when it is closed.
   */
  public void kill() {
    closing = true;
    health.ended();
    stopAgents();
    writeQueue.abandon();
    committer.abandon();
  }

  /** Blocks until no request is in flight. */
  public void awaitIdle() {
    inFlight.awaitNone();
  }

  private void stopAgents() {
    watch.stop();
    if (watchThread != null) {
      // Not waited for: it holds no resources, and a hung device may block it.
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
