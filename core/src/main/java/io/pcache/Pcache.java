package io.pcache;

import io.pcache.agent.AgentThread;
import io.pcache.agent.CallWatch;
import io.pcache.agent.OutstandingCalls;
import io.pcache.agent.Patience;
import io.pcache.agent.SystemClock;
import io.pcache.backing.BackingCounters;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingStore;
import io.pcache.backing.StoreCalls;
import io.pcache.block.AwaitedRequest;
import io.pcache.block.BlockDevice;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheTuning;
import io.pcache.error.BackingFailureException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.media.Media;
import io.pcache.nativeio.NativeFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A cache in front of a backing device, open in this process.
 *
 * <p>Thread-safety: all methods from any thread; {@link #close} once.
 */
public final class Pcache implements AutoCloseable {
  /** A thread other than the caller's. It is never started. */
  private static final Thread ANOTHER_THREAD = Thread.ofPlatform().unstarted(() -> {});

  private static final long DRAIN_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final String cachePath;
  private final Media media;
  private final BackingStore store;
  private final StoreCalls storeCalls;
  private final BackingDevice backing;
  private final AttachedCache attached;
  private final Cache cache;
  private final HungDevices hungDevices;
  private final List<AgentThread> watchers;
  private volatile boolean closed;

  private Pcache(OpenDevices devices, AttachedCache attached) {
    this.cachePath = devices.cacheName();
    this.media = devices.media();
    this.store = devices.store();
    this.storeCalls = devices.storeCalls();
    this.backing = devices.backing();
    this.attached = attached;
    this.cache = attached.cache();
    CallWatch mediaCalls = media.calls();
    if (mediaCalls == null) {
      this.hungDevices = new HungDevices(List.of(backingDevice(storeCalls.all())));
      this.watchers = List.of(AgentThread.start(hungDevices, WATCH_NANOS));
    } else {
      SourceProbe probe = new SourceProbe(storeCalls, media, mediaCalls);
      this.hungDevices =
          new HungDevices(List.of(backingDevice(probe.waitingForStore()), cacheDevice(mediaCalls)));
      this.watchers =
          List.of(
              AgentThread.start(hungDevices, WATCH_NANOS),
              AgentThread.start(probe, SourceProbe.LOOK_NANOS));
    }
  }

  private HungDevices.Device cacheDevice(CallWatch calls) {
    return new HungDevices.Device(
        "cache device " + cachePath, calls, media::movedSectors, MediaFailureException::new);
  }

  private HungDevices.Device backingDevice(OutstandingCalls calls) {
    return new HungDevices.Device(
        "backing device " + store.name(), calls, store::movedSectors, BackingFailureException::new);
  }

  /**
   * Formats a cache device: allocates every block of a file and writes the superblock and metadata.
   * It refuses a device that holds anything known, unless forced. It always refuses a device that
   * is in use.
   *
   * @throws PcacheException if it was refused or failed; a file that did not exist before may
   *     remain, unformatted
   */
  public static void format(FormatOptions options) {
    CacheFormatter.format(options);
  }

  /**
   * Opens a formatted cache and its backing device, recovers the cache, and starts its background
   * agents.
   *
   * @throws PcacheException if either device is unfit or fails; then both are released. A refusal
   *     changes nothing
   */
  public static Pcache open(OpenOptions options) {
    return open(options, OpenDevices.openBacking(options));
  }

  /**
   * Opens a formatted cache in front of a backing store of any kind, which it owns from now on.
   * {@link OpenOptions#backing} and {@link OpenOptions#directBacking} are ignored.
   *
   * @throws PcacheException if either device is unfit or fails; then both are released. A refusal
   *     changes nothing
   */
  public static Pcache open(OpenOptions options, BackingStore store) {
    return OpenDevices.use(options, store, Pcache::start);
  }

  private static Pcache start(OpenDevices devices) {
    AttachedCache attached =
        AttachedCache.attach(
            devices.cacheName(),
            devices.media(),
            devices.store(),
            devices.backing(),
            devices.check(),
            devices.stagingPlace(),
            SystemClock.INSTANCE,
            CacheTuning::forMachine);
    Cache cache = attached.cache();
    devices.closer().add(attached::release);
    devices.closer().add(cache::kill);
    Integer gcPercent = devices.options().gcPercent();
    if (gcPercent != null) {
      cache.setGcPercent(gcPercent);
    }
    cache.start();
    return new Pcache(devices, attached);
  }

  /**
   * Returns whether some process has a cache device locked, as {@link #open} and the others do. A
   * process that a hung device keeps from ending still has it locked.
   *
   * @return false also if the device cannot be opened for reading
   */
  public static boolean isLocked(Path cache) {
    return NativeFile.isLocked(cache);
  }

  /** Returns the cached device, for front ends. */
  public BlockDevice device() {
    return cache;
  }

  /**
   * Reads from the device into {@code destination}. Blocks.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   * @param destination any segment that the calling thread can write; its size is a multiple of 512
   */
  public void read(long offsetBytes, MemorySegment destination) {
    MemorySegment shared = shareable(destination);
    AwaitedRequest request = new AwaitedRequest();
    request.prepareRead(offsetBytes, shared);
    request.runOn(cache);
    if (!shared.equals(destination)) {
      destination.copyFrom(shared);
    }
  }

  /**
   * Writes {@code source} to the device. Blocks while the cache is full. If other writes wait as
   * well, the calls take turns of 1 MiB. Durable after the next {@link #flush}.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   * @param source any segment that the calling thread can read; its size is a multiple of 512
   */
  public void write(long offsetBytes, MemorySegment source) {
    MemorySegment shared = shareable(source);
    if (!shared.equals(source)) {
      shared.copyFrom(source);
    }
    AwaitedRequest request = new AwaitedRequest();
    request.prepareWrite(offsetBytes, shared);
    request.runOn(cache);
  }

  /** Returns the segment itself, or memory of its size if only the calling thread may access it. */
  private static MemorySegment shareable(MemorySegment segment) {
    return segment.isAccessibleBy(ANOTHER_THREAD)
        ? segment
        : Arena.ofAuto().allocate(segment.byteSize(), Long.BYTES);
  }

  /** Makes every completed write durable. Blocks. */
  public void flush() {
    AwaitedRequest request = new AwaitedRequest();
    request.prepareFlush();
    request.runOn(cache);
  }

  /** Returns the present status of the cache. */
  public PcacheStatus status() {
    return StatusReport.of(
        cachePath, attached, media, store, backing.counters(), hungDevices.faults());
  }

  /**
   * Returns an error that names the first device with a call in progress for at least five seconds.
   * Null while both devices answer.
   */
  public @Nullable PcacheException unanswered() {
    return hungDevices.unanswered();
  }

  /**
   * Durably changes the percentage of segments in use at which reclaiming starts.
   *
   * @param gcPercent 0–90
   */
  public void setGcPercent(int gcPercent) {
    cache.setGcPercent(gcPercent);
  }

  /**
   * Writes all dirty data back to the backing device. Returns when nothing is left that can be
   * written back, or when the calling thread is interrupted. Writes may continue meanwhile, and
   * then it lasts until they pause.
   *
   * @return true if no dirty data is left; false if interrupted, closed, or damaged data is set
   *     aside, as {@link PcacheStatus#setAside} lists
   * @throws PcacheException if the cache device failed; a failing backing device is retried and
   *     shows in {@link #status}
   */
  public boolean drain(DrainProgress progress) {
    long atStart = cache.snapshot().dirtyBytes();
    cache.flush();
    while (!cache.isClean()) {
      PcacheException refusal = cache.writeRefusal();
      if (refusal != null) {
        throw refusal;
      }
      if (closed || Thread.currentThread().isInterrupted()) {
        return false;
      }
      progress.report(cache.snapshot().dirtyBytes(), atStart);
      LockSupport.parkNanos(DRAIN_POLL_NANOS);
      cache.flush();
    }
    progress.report(0, atStart);
    return cache.snapshot().setAside().isEmpty();
  }

  /**
   * Closes the cache in an orderly way. It refuses new requests, finishes those in flight, flushes,
   * stops the agents, and releases both devices. Dirty data stays in the cache for the next open. A
   * second call does nothing.
   *
   * @throws PcacheException if the last flush failed, with everything released all the same; also
   *     as {@link #close(Patience)} does, after {@link Patience#DEFAULT_NANOS} without progress
   */
  @Override
  public void close() {
    close(Patience.standard());
  }

  /**
   * Like {@link #close()}, with the caller's patience.
   *
   * <p>If a device does not answer, closing continues in the background. The devices then stay
   * locked until it answers, or until the process ends, which is safe.
   *
   * @throws BackingFailureException if the backing device does not answer for too long
   * @throws MediaFailureException if the cache device does not answer for too long
   */
  public void close(Patience patience) {
    if (closed) {
      return;
    }
    closed = true;
    var _ = cache.finishRequests(patience, this::progress);
    FutureTask<Void> rest = new FutureTask<>(this::finishAndRelease, null);
    var _ = Thread.ofPlatform().name("pcache-close").daemon(true).start(rest);
    awaitLastCommit(patience, rest);
    if (!patience.await("the devices to be released", this::progress, rest::isDone)) {
      throw hungDevices.givenUp(patience, whatIsKept());
    }
    if (rest.state() == Future.State.FAILED) {
      throw asUnchecked(rest.exceptionNow());
    }
  }

  private String whatIsKept() {
    return cache.isMadeDurable()
        ? "Everything acknowledged is in the cache, and what is dirty stays there"
        : "What was flushed is in the cache; of the rest as much as after a kill";
  }

  /**
   * Awaits the last commit. If requests were abandoned, the commit has a limit of its own, unless
   * they hung on the cache device, which it needs too.
   */
  private void awaitLastCommit(Patience patience, Future<?> rest) {
    BooleanSupplier over = () -> cache.isMadeDurable() || rest.isDone();
    String what = "the last commit";
    var _ =
        unanswered() instanceof MediaFailureException
            ? patience.await(what, this::progress, over)
            : patience.awaitOther(what, this::progress, over);
  }

  /**
   * Returns a number that grows while the devices make progress. It counts write-back, reads of
   * data that the cache does not hold, flushes, and the transfers during a long call. Any thread
   * may call this; it never waits.
   */
  public long deviceProgress() {
    BackingCounters done = backing.counters();
    return cache.writeBackProgressBytes()
        + done.readBytes()
        + done.flushes()
        + hungDevices.progress();
  }

  private long progress() {
    return cache.finishedRequests() + deviceProgress();
  }

  private static RuntimeException asUnchecked(Throwable failure) {
    if (failure instanceof Error e) {
      throw e;
    }
    return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
  }

  private void finishAndRelease() {
    Closer closer = new Closer();
    closer.add(media);
    closer.add(attached::release);
    closer.add(backing);
    watchers.forEach(closer::add);
    Throwable failure = null;
    try {
      attached.detach();
    } catch (Throwable t) {
      failure = t;
      throw t;
    } finally {
      closer.close(failure);
    }
  }

  /**
   * Stops at once, as if the process were killed. Nothing is flushed, and the agents stop where
   * they are. Locks and descriptors are released, so the same devices can be opened again. Requests
   * in flight complete, most of them with {@link io.pcache.error.ClosedException}. A write that
   * fails so may have been carried out or not. For crash tests; a later {@link #close} does
   * nothing.
   */
  public void kill() {
    closed = true;
    cache.kill();
    backing.close();
    cache.awaitIdle();
    watchers.forEach(AgentThread::close);
    attached.release();
    media.close();
  }
}
