package io.pcache.testkit.simulation;

import io.pcache.AttachedCache;
import io.pcache.BackingCheck;
import io.pcache.agent.Agent;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingOptions;
import io.pcache.block.BlockDevice;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheTuning;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.PcacheException;
import io.pcache.media.SharedMemoryPlace;
import io.pcache.testkit.CrashMedia;
import io.pcache.testkit.IndexHeap;
import io.pcache.testkit.ManualClock;
import io.pcache.testkit.SectorContent;
import io.pcache.testkit.SimulatedStore;
import io.pcache.testkit.SteppedRequest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * The real engine, opened as a daemon opens it, in one thread: agents, transfers of the backing
 * device and time are stepped. An agent that is in the middle of a step is not stepped again by
 * what happens meanwhile.
 *
 * <p>Thread-safety: one thread.
 */
final class SimulatedEngine {
  private static final BackingOptions FEW_REQUESTS = new BackingOptions(8, 4, 1, 16 << 10);
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1100);
  private static final int MAX_ROUNDS = 20_000;
  private static final int MAX_TICKS = 200;

  private final AttachedCache attached;
  private final BackingDevice backing;
  private final ManualClock clock;
  private final List<Agent> agents;
  private final int firstOfBacking;
  private final boolean[] running;

  private SimulatedEngine(
      AttachedCache attached, BackingDevice backing, SimulatedRunner runner, ManualClock clock) {
    this.attached = attached;
    this.backing = backing;
    this.clock = clock;
    this.agents = new ArrayList<>(attached.cache().agents());
    this.firstOfBacking = agents.size();
    agents.add(backing.submitWorker());
    agents.add(backing.completionWorker());
    agents.add(new TransferAgent(runner));
    this.running = new boolean[agents.size()];
  }

  private record TransferAgent(SimulatedRunner runner) implements Agent {
    @Override
    public String name() {
      return "transfer";
    }

    @Override
    public int doWork() {
      return runner.transferOne();
    }
  }

  /**
   * Opens a cache with its identity record and all.
   *
   * @throws PcacheException where the engine refuses
   */
  static SimulatedEngine open(
      CrashMedia media,
      SimulatedStore store,
      SharedMemoryPlace memory,
      ManualClock clock,
      Settings settings,
      RandomGenerator random) {
    SimulatedRunner runner = new SimulatedRunner(random);
    BackingDevice backing = BackingDevice.start(store, FEW_REQUESTS, runner);
    // Time stands still, so all requests of write-back are handed over, or none but what cannot be.
    long offloadNanos = random.nextBoolean() ? 0 : Long.MAX_VALUE;
    CacheTuning tuning =
        new CacheTuning(
            clock,
            random.nextLong(),
            settings.stripes(),
            settings.dataHeads(),
            offloadNanos,
            1,
            maxIndexBytes(store, settings));
    AttachedCache attached =
        AttachedCache.attach(
            "simulated",
            media,
            store,
            backing,
            BackingCheck.VERIFY,
            memory,
            clock,
            segments -> tuning);
    return new SimulatedEngine(attached, backing, runner, clock);
  }

  private static long maxIndexBytes(SimulatedStore store, Settings settings) {
    return settings.maxExtents() == 0
        ? Long.MAX_VALUE
        : IndexHeap.bytes(store.sizeBytes(), settings.dataCrc(), settings.maxExtents());
  }

  /** Whether everything acknowledged survives a killed process. */
  boolean survivesKill() {
    return attached.survivesKill();
  }

  /** Steps the agent that commits, which is the first. */
  void commit() {
    var _ = step(0);
  }

  Cache cache() {
    return attached.cache();
  }

  /** Steps one agent that chance picks, unless it is in the middle of a step. */
  void step(RandomGenerator random) {
    var _ = step(random.nextInt(agents.size()));
  }

  private int step(int agent) {
    // Transfers have a thread each; every other agent has one.
    if (agent == running.length - 1) {
      return agents.get(agent).doWork();
    }
    if (running[agent]) {
      return 0;
    }
    running[agent] = true;
    try {
      return agents.get(agent).doWork();
    } finally {
      running[agent] = false;
    }
  }

  /** Steps all agents, in turn, until none has anything to do at this time. */
  void rest() {
    int done = 1;
    for (int round = 0; done > 0; round++) {
      if (round == MAX_ROUNDS) {
        throw new BrokenPromise("the agents do not come to rest: " + cache().snapshot());
      }
      done = 0;
      for (int i = 0; i < running.length; i++) {
        done += step(i);
      }
    }
  }

  /** Steps the backing device alone until a request is complete. */
  private void await(SteppedRequest request) {
    for (int round = 0; !request.isDone(); round++) {
      if (round == MAX_ROUNDS) {
        throw new BrokenPromise(request.op() + " hangs: " + cache().snapshot());
      }
      for (int i = firstOfBacking; i < running.length; i++) {
        var _ = step(i);
      }
    }
  }

  /** Lets time pass until nothing is dirty; the backing device works. */
  void drain() {
    for (int tick = 0; !cache().isClean() || tick == 0; tick++) {
      if (tick == MAX_TICKS) {
        throw new BrokenPromise("the cache does not become clean: " + cache().snapshot());
      }
      clock.advance(TICK_NANOS);
      rest();
    }
  }

  /** Reads all content sectors, while nothing but the backing device works. */
  int[] readContent() {
    int[] ids = new int[ContentMap.SECTORS];
    for (int range = 0; range < ContentMap.ranges(); range++) {
      int first = ContentMap.first(range);
      int count = ContentMap.length(range);
      MemorySegment bytes = buffer(count);
      SteppedRequest request = new SteppedRequest();
      request.prepareRead(ContentMap.offsetBytes(first), bytes);
      cache().submit(request);
      await(request);
      if (request.failure() != null) {
        throw new BrokenPromise("a read failed after recovery", request.failure());
      }
      for (int i = 0; i < count; i++) {
        ids[first + i] = idAt(bytes, i, first + i);
      }
    }
    return ids;
  }

  /** Reads content sectors one by one; those that cannot be read are marked so. */
  int[] readWhatIsReadable() {
    int[] ids = new int[ContentMap.SECTORS];
    for (int i = 0; i < ids.length; i++) {
      MemorySegment bytes = buffer(1);
      SteppedRequest request = new SteppedRequest();
      request.prepareRead(ContentMap.offsetBytes(i), bytes);
      cache().submit(request);
      await(request);
      boolean damaged = request.failure() instanceof CorruptMediaException;
      if (request.failure() != null && !damaged) {
        throw new BrokenPromise("a read of a damaged device failed", request.failure());
      }
      ids[i] = damaged ? Ledger.UNREADABLE : idAt(bytes, 0, i);
    }
    return ids;
  }

  static MemorySegment buffer(int sectors) {
    return MemorySegment.ofArray(new long[sectors * BlockDevice.SECTOR_BYTES / Long.BYTES]);
  }

  /**
   * The id that the sector number {@code i} of a buffer holds, which belongs to a content sector.
   */
  static int idAt(MemorySegment buffer, int i, int number) {
    return SectorContent.idAt(
        buffer, (long) i * BlockDevice.SECTOR_BYTES, ContentMap.deviceSector(number));
  }

  /** Closes in order. */
  void close() {
    attached.detach();
    backing.close();
  }
}
