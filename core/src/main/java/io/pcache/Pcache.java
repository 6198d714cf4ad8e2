package io.pcache;

import io.pcache.agent.AgentThread;
import io.pcache.agent.CallWatch;
import io.pcache.agent.Patience;
import io.pcache.agent.SystemClock;
import io.pcache.backing.BackingCounters;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingOptions;
import io.pcache.backing.BackingStore;
import io.pcache.backing.FileBackingStore;
import io.pcache.backing.WatchedStore;
import io.pcache.block.AwaitedRequest;
import io.pcache.block.BlockDevice;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheTuning;
import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.media.SharedMemoryFolder;
import io.pcache.media.SharedMemoryPlace;
import io.pcache.nativeio.LoopDevices;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.ArrayList;
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
  /** Stands for any thread but the caller's. Never started. */
  private static final Thread ANOTHER_THREAD = Thread.ofPlatform().unstarted(() -> {});

  private static final long DRAIN_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final String cachePath;
  private final Media media;
  private final BackingStore store;
  private final CallWatch storeCalls;
  private final BackingDevice backing;
  private final AttachedCache attached;
  private final Cache cache;
  private final HungDevices hungDevices;
  private final AgentThread watcher;
  private volatile boolean closed;

  private Pcache(
      String cachePath,
      Media media,
      BackingStore store,
      CallWatch storeCalls,
      BackingDevice backing,
      AttachedCache attached) {
    this.cachePath = cachePath;
    this.media = media;
    this.store = store;
    this.storeCalls = storeCalls;
    this.backing = backing;
    this.attached = attached;
    this.cache = attached.cache();
    this.hungDevices = new HungDevices(watchedDevices());
    this.watcher = AgentThread.start(hungDevices, WATCH_NANOS);
  }

  private List<HungDevices.Device> watchedDevices() {
    List<HungDevices.Device> devices = new ArrayList<>();
    devices.add(
        new HungDevices.Device(
            "backing device " + store.name(),
            storeCalls,
            store::movedSectors,
            BackingFailureException::new));
    CallWatch mediaCalls = media.calls();
    if (mediaCalls != null) {
      devices.add(
          new HungDevices.Device(
              "cache device " + cachePath,
              mediaCalls,
              media::movedSectors,
              MediaFailureException::new));
    }
    return devices;
  }

  /**
   * Formats a cache device: allocates every block of a file and writes the superblock and metadata.
   * Refuses a device that holds anything known unless forced, and one that is in use always.
   *
   * @throws PcacheException where it was refused or failed; a file that did not exist before may be
   *     left behind unformatted
   */
  public static void format(FormatOptions options) {
    CacheFormatter.format(options);
  }

  /**
   * Opens a formatted cache and its backing device, recovers the cache, and starts its background
   * agents.
   *
   * @throws PcacheException where either device is not fit for it; both are released then, and
   *     nothing was changed
   */
  public static Pcache open(OpenOptions options) {
    refuseSameFile(options);
    if (!options.force()) {
      LoopDevices.refuseAttached(options.backing());
    }
    BackingStore store =
        options.directBacking()
            ? FileBackingStore.openDirect(options.backing())
            : FileBackingStore.open(options.backing());
    return open(options, store);
  }

  /**
   * Opens a formatted cache in front of a backing store of any kind, which it owns from now on.
   * {@link OpenOptions#backing} and {@link OpenOptions#directBacking} are not used.
   *
   * @throws PcacheException where either device is not fit for it; both are released then, and
   *     nothing was changed
   */
  public static Pcache open(OpenOptions options, BackingStore store) {
    Closer closer = new Closer();
    CallWatch storeCalls = new CallWatch(SystemClock.INSTANCE);
    BackingStore watched = new WatchedStore(store, storeCalls);
    closer.add(watched);
    try {
      if (!options.force()) {
        LoopDevices.refuseAttached(options.cache());
      }
      Media media = MediaFiles.open(options.cache());
      closer.add(media);
      return open(options, media, watched, storeCalls, closer);
    } catch (InternalError e) {
      MediaFailureException failure =
          new MediaFailureException(options.cache() + ": a page of the cache device failed", e);
      closer.closeAfter(failure);
      throw failure;
    } catch (Throwable t) {
      closer.closeAfter(t);
      throw t;
    }
  }

  private static Pcache open(
      OpenOptions options, Media media, BackingStore store, CallWatch storeCalls, Closer closer) {
    BackingDevice backing = BackingDevice.start(store, BackingOptions.defaults());
    closer.replace(store, backing);
    AttachedCache attached =
        AttachedCache.attach(
            options.cache().toString(),
            media,
            store,
            backing,
            options.adopt(),
            stagingPlace(options),
            SystemClock.INSTANCE,
            CacheTuning::forMachine);
    Cache cache = attached.cache();
    closer.add(attached::release);
    closer.add(cache::kill);
    if (options.gcPercent() != null) {
      cache.setGcPercent(options.gcPercent());
    }
    cache.start();
    return new Pcache(options.cache().toString(), media, store, storeCalls, backing, attached);
  }

  /** By force what a killed process left there and cannot be opened is given up. */
  private static SharedMemoryPlace stagingPlace(OpenOptions options) {
    SharedMemoryFolder folder = new SharedMemoryFolder(options.stagingFolder(), options.cache());
    return options.force() ? (owner, sizeBytes) -> folder.open(owner, sizeBytes) : folder;
  }

  private static void refuseSameFile(OpenOptions options) {
    try {
      if (Files.isSameFile(options.cache(), options.backing())) {
        throw new BadOptionException(
            options.cache() + " is given as cache and as backing device; they have to be two");
      }
    } catch (IOException e) {
      // One of them is not there, or not to be looked at: opening it says so.
    }
  }

  /** The cached device, for front ends. */
  public BlockDevice device() {
    return cache;
  }

  /**
   * Fills {@code destination} from the device. Blocks.
   *
   * @param offsetBytes where on the device, a multiple of 512
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
   * Writes {@code source} to the device. Blocks while the cache is full; where others wait as well,
   * each call takes turns of 1 MiB with them. Durable after the next {@link #flush}.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param source any segment that the calling thread can read; its size is a multiple of 512
   */
  public void write(long offsetBytes, MemorySegment source) {
    MemorySegment shared = shareable(source);
    if (!shared.equals(source)) {
      shared.copyFrom(source);
    }
    AwaitedRequest request = new AwaitedRequest();
    request.prepareWrite(offsetBytes, shared, false);
    request.runOn(cache);
  }

  /** The segment itself, or memory of its size where only the calling thread may touch it. */
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

  /** What the cache looks like now. */
  public PcacheStatus status() {
    return StatusReport.of(
        cachePath, attached, media, store, backing.counters(), hungDevices.faults());
  }

  /**
   * The error that names a device which has had a call under way for some seconds, or null while
   * both answer.
   */
  public @Nullable PcacheException unanswered() {
    return hungDevices.unanswered();
  }

  /**
   * Changes where reclaiming starts, durably.
   *
   * @param gcPercent 0–90
   */
  public void setGcPercent(int gcPercent) {
    cache.setGcPercent(gcPercent);
  }

  /**
   * Writes everything dirty back to the backing device and returns when nothing is left that could
   * be written back, or the calling thread is interrupted. Writes may go on meanwhile, and then it
   * lasts until they pause.
   *
   * @return whether nothing dirty is left: false where it was ended early, and where damaged data
   *     is set aside, which {@link PcacheStatus#setAside} names
   * @throws PcacheException where the cache device failed; a failing backing device is tried again
   *     and shows in {@link #status}
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
   * Closes in order: takes no more requests, finishes those in flight, flushes, stops the agents,
   * and releases both devices. Dirty data stays in the cache and is served next time. Does nothing
   * the second time.
   *
   * @throws PcacheException where the last flush failed; everything is released all the same. Where
   *     a device does not answer for {@link Patience#DEFAULT_NANOS}, as {@link #close(Patience)}
   *     says
   */
  @Override
  public void close() {
    close(Patience.standard());
  }

  /**
   * The same with a patience of the caller's choice.
   *
   * @throws BackingFailureException where the backing device does not answer for too long. Closing
   *     goes on in the background then: the devices stay locked until it answers, or the process
   *     ends, which is safe
   * @throws MediaFailureException the same for the cache device
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
      throw hungDevices.givenUp(patience, cache.isMadeDurable());
    }
    if (rest.state() == Future.State.FAILED) {
      throw asUnchecked(rest.exceptionNow());
    }
  }

  /**
   * Where requests were given up, the commit has a limit of its own, unless they hung where it
   * does.
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
   * A number that grows as long as the devices get on: with write-back, with reads of what the
   * cache does not hold, or with one call that takes long. Any thread; waits for nobody.
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
    closer.add(watcher);
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
   * Ends at once as a killed process would: nothing is flushed, the agents stop where they are, and
   * locks and descriptors are released, so that the same devices can be opened again. Requests in
   * flight complete, most of them with {@link io.pcache.error.ClosedException}; a write that fails
   * so may have been carried out or not. For crash tests; afterwards {@link #close} does nothing.
   */
  public void kill() {
    closed = true;
    cache.kill();
    backing.close();
    cache.awaitIdle();
    watcher.close();
    attached.release();
    media.close();
  }
}
