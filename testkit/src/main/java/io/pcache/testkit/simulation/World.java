package io.pcache.testkit.simulation;

import io.pcache.cache.CacheSnapshot;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.PcacheException;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemoryPlace;
import io.pcache.testkit.CrashFate;
import io.pcache.testkit.CrashGrain;
import io.pcache.testkit.CrashMedia;
import io.pcache.testkit.LogImage;
import io.pcache.testkit.ManualClock;
import io.pcache.testkit.PowerCut;
import io.pcache.testkit.SimulatedMemory;
import io.pcache.testkit.SimulatedStore;
import io.pcache.testkit.SteppedCache;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A cache device and a backing device with what is known about them, through all of their lives.
 *
 * <p>At many steps of either device the world is <i>forked</i>: in the fork power is lost, or the
 * process killed, the cache is recovered and judged, in some forks it lives on for a while and
 * crashes again; then all of that is taken back and the world goes on as if nothing had been.
 *
 * <p>Thread-safety: none.
 */
final class World {
  private static final int MAX_DEPTH = 2;
  private static final int OVERLAP_ONE_IN = 6;
  private static final int MAX_NESTED_CUTS = 3;
  private static final int KERNEL_VISIT_ONE_IN = 3;
  private static final int KILL_ONE_IN = 8;
  private static final int ROT_ONE_IN = 16;
  private static final int LIFE_ONE_IN = 40;
  private static final int STORE_ONE_IN = 8;
  private static final int WRITE_ONE_IN = 8;
  private static final int VISIT_ONE_IN = 12;
  private static final int KILLED_VISIT_ONE_IN = 5;
  private static final int MAX_VISIT_WRITES = 20;
  static final long MEMORY_BYTES = StagedKeysPool.sizeBytes(40);
  private static final int MEMORY_WORDS = (int) (MEMORY_BYTES / Long.BYTES);
  private static final int IDENTITY_BYTES = 4096;
  private static final SharedMemoryPlace NO_SHARED_MEMORY =
      (owner, sizeBytes) -> new ProcessMemory(sizeBytes, "a visitor");

  /** Where shared memory has the ends of the last two batches. */
  private static final long EVEN_HEAD_OFFSET = 72;

  private static final long ODD_HEAD_OFFSET = 96;

  private final Settings settings;
  private final Statistics statistics;
  private final Trace trace;
  private final SplittableRandom random;
  private final ManualClock clock;
  private final int depth;
  private final MediaCheck check;
  private final LogImage image;
  private final ArrayDeque<MemorySegment> idleMemory;

  private SimulatedStore store;
  private CrashMedia media;
  private Ledger ledger;
  private LogHistory history;
  private SimulatedMemory memory;
  private @Nullable Life life;

  /** The engine that serves, or null while none does whose recovery was taken for what is. */
  private @Nullable SimulatedEngine running;

  /**
   * Whether the cache was last left by a killed process alone, so that everything acknowledged has
   * to be there.
   */
  private boolean keepsAcknowledged;

  /** Whether a byte has rotted, so that nothing but what is read can be judged. */
  private boolean rotten;

  /** A new world, with a formatted cache. */
  World(SplittableRandom random, Settings settings, Statistics statistics, Trace trace) {
    this.random = random;
    this.settings = settings;
    this.statistics = statistics;
    this.trace = trace;
    this.clock = new ManualClock();
    this.depth = 0;
    this.store = new SimulatedStore(ContentMap.DEVICE_BYTES, random.split());
    this.media =
        CrashMedia.blank(
            SteppedCache.mediaBytes(settings.segments()), settings.grain(), random.split());
    SteppedCache.format(media, settings.dataCrc(), Settings.logRoomBytes(random));
    this.image = new LogImage(media.view());
    this.check = new MediaCheck(image, media.view());
    this.ledger = new Ledger();
    this.history = new LogHistory(image.keyTail().orElseThrow());
    this.idleMemory = new ArrayDeque<>();
    this.memory = new SimulatedMemory(MEMORY_BYTES, media::isOff, this::beforeOrBehindStore);
    listen();
  }

  private World(
      World origin,
      CrashMedia media,
      SimulatedStore store,
      MemorySegment memoryBytes,
      SplittableRandom random) {
    this.random = random;
    this.settings = origin.settings;
    this.statistics = origin.statistics;
    this.trace = origin.trace;
    this.clock = new ManualClock();
    this.depth = origin.depth + 1;
    this.store = store;
    this.media = media;
    this.image = origin.image;
    this.check = origin.check;
    this.ledger = origin.ledger;
    // What is committed here, by reads alone at times, is taken back with the fork.
    this.history = origin.history.copy();
    this.memory = origin.memory.fork(memoryBytes, media::isOff, this::beforeOrBehindStore);
    this.idleMemory = origin.idleMemory;
    this.running = origin.running;
    this.keepsAcknowledged = origin.keepsAcknowledged;
    listen();
  }

  private void listen() {
    media.listen(new MediaListener());
    store.listen(
        new SimulatedStore.TransferListener() {
          @Override
          public void beforeRead() {
            follow();
          }

          @Override
          public void beforeChange() {
            follow();
            tryCrash();
          }

          @Override
          public void underWay() {
            scribble();
            overlap(Life.Overlap.AGENTS_AND_CLIENTS);
          }
        });
  }

  Settings settings() {
    return settings;
  }

  Statistics statistics() {
    return statistics;
  }

  RandomGenerator random() {
    return random;
  }

  ManualClock clock() {
    return clock;
  }

  Ledger ledger() {
    return ledger;
  }

  SimulatedStore store() {
    return store;
  }

  CrashMedia media() {
    return media;
  }

  void trace(String line) {
    trace.add(depth, line);
  }

  private final class MediaListener implements CrashMedia.StepListener {
    @Override
    public void beforeStep(CrashMedia.Step step) {
      beforeMediaStep(step);
    }

    @Override
    public void afterWrite() {
      scribble();
      tryKillBehindWrite();
    }
  }

  private void beforeMediaStep(CrashMedia.Step step) {
    scribble();
    follow();
    // Where a sync is cheap, commits run on the thread of whoever asks, and hold their lock across
    // their steps: nothing of this thread can come in between there.
    if (step != CrashMedia.Step.ZERO && settings.grain() != CrashGrain.CACHE_LINE) {
      overlap(step == CrashMedia.Step.SYNC ? Life.Overlap.AGENTS_AND_CLIENTS : Life.Overlap.AGENTS);
    }
    tryCrash();
  }

  /** A process can be killed between any two stores; power lost there leaves what it did before. */
  private void beforeOrBehindStore() {
    if (rotten || media.failsSyncs() || depth >= MAX_DEPTH) {
      return;
    }
    if (settings.exhaustive()
        ? depth == 0
        : random.nextInt((STORE_ONE_IN * settings.crashOneIn()) << (4 * depth)) == 0) {
      inFork(World::killAndRecover);
    }
  }

  /**
   * A process can be killed between a store of cache lines and their write-back. What it left there
   * is at risk as long as the next process lives.
   */
  private void tryKillBehindWrite() {
    if (rotten
        || settings.exhaustive()
        || settings.grain() != CrashGrain.CACHE_LINE
        || media.failsSyncs()
        || depth >= MAX_DEPTH) {
      return;
    }
    if (random.nextInt((WRITE_ONE_IN * settings.crashOneIn()) << (4 * depth)) == 0) {
      inFork(World::killAndLiveOn);
    }
  }

  private void killAndLiveOn() {
    kill();
    ledger = ledger.copy();
    endSomeRecoveries();
    liveOn(adopt(recover()));
  }

  private void killAndRecover() {
    kill();
    if (!settings.exhaustive() && random.nextInt(KILLED_VISIT_ONE_IN) == 0) {
      ledger = ledger.copy();
      visit();
    }
    endSomeRecoveries();
    var _ = recover();
  }

  private void follow() {
    history.follow(image, media.view());
  }

  private void overlap(Life.Overlap who) {
    Life now = life;
    if (now != null && random.nextInt(OVERLAP_ONE_IN) == 0) {
      now.overlap(who);
    }
  }

  /** Clients change the buffers of requests in flight. */
  private void scribble() {
    Life now = life;
    if (now != null) {
      now.scribble();
    }
  }

  /** Lives all lives. */
  void run() {
    try {
      for (int i = 0; i < settings.lives(); i++) {
        live();
      }
    } finally {
      media.discard();
      store.discard();
    }
  }

  private void live() {
    if (random.nextInt(KERNEL_VISIT_ONE_IN) == 0) {
      trace("the kernel reclaims half of something");
      // Also of what a crash leaves meanwhile.
      keepsAcknowledged = false;
      new KernelVisit(image).reclaimHalf(media, random);
      memory = random.nextBoolean() ? memory.restartMachine(media::isOff) : memory;
    }
    if (random.nextInt(VISIT_ONE_IN) == 0) {
      visit();
    }
    if (random.nextInt(3) == 0) {
      media.cutPowerAt(media.steps() + 1 + random.nextInt(1 << random.nextInt(8)));
    }
    try {
      SimulatedEngine engine = adopt(recover());
      Life itsLife = new Life(this, engine);
      life = itsLife;
      itsLife.run(settings.actionsPerLife());
      end(itsLife, engine);
    } catch (PowerCut cut) {
      endByChance();
    } finally {
      life = null;
    }
  }

  private void endByChance() {
    if (random.nextBoolean()) {
      kill();
    } else {
      trace("power is cut");
      losePower();
    }
  }

  /**
   * Somebody uses the cache who does not know the memory: a process that found none, or, where the
   * identity record is as before, the kernel.
   */
  private void visit() {
    boolean asKernel = random.nextBoolean();
    trace(asKernel ? "the kernel visits" : "a process without shared memory visits");
    MemorySegment identity = MemorySegment.ofArray(new byte[IDENTITY_BYTES]);
    MemorySegment.copy(media.view(), 0, identity, 0, IDENTITY_BYTES);
    keepsAcknowledged = false;
    int announcedKeys = announcedKeys();
    SimulatedEngine engine = adopt(recover(NO_SHARED_MEMORY));
    LogAddress found = engine.cache().snapshot().keyHead();
    Life itsLife = new Life(this, engine);
    int few = 1 + random.nextInt(1 + random.nextInt(MAX_VISIT_WRITES));
    int writes = random.nextBoolean() ? few : announcedKeys;
    boolean commits = asKernel || random.nextBoolean();
    itsLife.writeSome(writes);
    if (commits) {
      itsLife.commit();
    }
    // A kernel that changes nothing leaves no trace, and what it was asked meanwhile does not
    // count.
    boolean leavesTrace = !engine.cache().snapshot().keyHead().equals(found);
    kill();
    if (asKernel && leavesTrace) {
      putBack(identity);
    }
  }

  /** At once: a kernel does not touch it, so no power cut may find it half put back. */
  private void putBack(MemorySegment identity) {
    for (int i = 0; i < IDENTITY_BYTES; i++) {
      media.rot(
          i, media.view().get(ValueLayout.JAVA_BYTE, i) ^ identity.get(ValueLayout.JAVA_BYTE, i));
    }
  }

  /**
   * How many keys the last batch has that the memory names, or 1: another batch of them ends where
   * that one does.
   */
  private int announcedKeys() {
    long even = memory.bytes().get(LittleEndian.U64, EVEN_HEAD_OFFSET);
    long odd = memory.bytes().get(LittleEndian.U64, ODD_HEAD_OFFSET);
    long keys = (Math.abs(even - odd) - LogImage.KSET_HEADER_BYTES) / LogImage.KEY_BYTES;
    return keys > 0 && keys <= MAX_VISIT_WRITES ? (int) keys : 1;
  }

  private void end(Life itsLife, SimulatedEngine engine) {
    if (itsLife.isOver()) {
      trace("the cache device has failed; it is opened anew");
      endByChance();
      return;
    }
    switch (random.nextInt(5)) {
      case 0 -> {
        trace("power is cut");
        losePower();
      }
      case 1 -> kill();
      default -> endInOrder(itsLife, engine);
    }
  }

  private void endInOrder(Life itsLife, SimulatedEngine engine) {
    itsLife.settle();
    if (itsLife.isOver()) {
      losePower();
      return;
    }
    boolean drained = random.nextInt(3) > 0;
    if (drained) {
      drain(engine);
    }
    if (drained && random.nextBoolean()) {
      skipLog(engine.cache().snapshot().keyHead());
    } else {
      close(engine);
    }
  }

  private void drain(SimulatedEngine engine) {
    trace("drain");
    life = null;
    engine.drain();
    compare(engine.readContent(), ContentMap.idsOnDevice(store.bytes()));
  }

  private void close(SimulatedEngine engine) {
    trace("close");
    life = null;
    engine.close();
    statistics.closes++;
    ledger.closed();
    leave();
  }

  /** The log goes on near the end of its segment, as if much had been written and reclaimed. */
  private void skipLog(LogAddress head) {
    trace("and the log goes on near the end of its segment");
    kill();
    // Nobody listens: there is no crash between these stores.
    media = media.kill();
    media.sync();
    SteppedCache.skipLogTo(media, head, Settings.logRoomBytes(random));
    history.jumpTo(image.keyTail().orElseThrow());
    leave();
  }

  private CrashMedia listenTo(CrashMedia successor) {
    successor.listen(new MediaListener());
    return successor;
  }

  private void kill() {
    trace("the process is killed");
    statistics.kills++;
    SimulatedEngine killed = running;
    if (killed != null) {
      keepsAcknowledged = killed.survivesKill() && !media.mayHaveLostWrites();
    }
    leave();
  }

  /** The process has ended; the next one finds both devices and the memory as it left them. */
  private void leave() {
    life = null;
    running = null;
    media = listenTo(media.kill());
    memory = memory.kill(media::isOff);
  }

  private void losePower() {
    beforePowerCut();
    media = listenTo(media.crash());
    afterPowerCut();
  }

  private void losePower(CrashFate fate) {
    beforePowerCut();
    media = listenTo(media.crash(fate));
    afterPowerCut();
  }

  private void afterPowerCut() {
    memory = memory.restartMachine(media::isOff);
    store.cutPower();
  }

  private void beforePowerCut() {
    life = null;
    running = null;
    keepsAcknowledged = false;
    statistics.powerCuts++;
    store.heal();
    follow();
  }

  /** Forks the world and lets it crash: now and then, or always and in every way. */
  private void tryCrash() {
    if (rotten) {
      return;
    }
    if (settings.exhaustive() && depth == 0) {
      crashInEveryWay();
    } else if (depth < MAX_DEPTH && random.nextInt(settings.crashOneIn() << (4 * depth)) == 0) {
      inFork(World::crashAndRecover);
    }
  }

  private void crashInEveryWay() {
    BitSet logSegments = history.segments();
    for (CrashFate fate : new Combinations(media, logSegments).fates(random)) {
      statistics.combinations++;
      inFork(fork -> {
        fork.losePower(fate);
        fork.endSomeRecoveries();
        var _ = fork.recover();
      });
    }
    inFork(World::killAndRecover);
  }

  private void inFork(Consumer<World> crash) {
    SplittableRandom itsRandom = random.split();
    MemorySegment idle = idleMemory.poll();
    MemorySegment bytes = idle == null ? MemorySegment.ofArray(new long[MEMORY_WORDS]) : idle;
    try (CrashMedia.Fork mediaFork = media.fork(itsRandom);
        SimulatedStore.Fork storeFork = store.fork(itsRandom)) {
      crash.accept(new World(this, mediaFork.media(), storeFork.store(), bytes, itsRandom));
    }
    idleMemory.push(bytes);
  }

  private void crashAndRecover() {
    if (random.nextInt(KILL_ONE_IN) == 0) {
      kill();
    } else {
      losePower();
    }
    if (random.nextInt(ROT_ONE_IN) == 0) {
      rotAndOpen();
      return;
    }
    boolean livesOn = random.nextInt(LIFE_ONE_IN) == 0;
    boolean isVisited = random.nextInt(VISIT_ONE_IN) == 0;
    if (livesOn || isVisited) {
      ledger = ledger.copy();
    }
    if (isVisited) {
      visit();
    }
    endSomeRecoveries();
    Recovered recovered = recover();
    if (livesOn) {
      liveOn(adopt(recovered));
    }
  }

  /** A damaged device is refused, or each sector reads as what it may be, or not at all. */
  private void rotAndOpen() {
    rotten = true;
    statistics.rotten++;
    statistics.cycles++;
    BitRot.Covered covered =
        settings.dataCrc() ? BitRot.Covered.KEY_SETS_AND_DATA : BitRot.Covered.KEY_SETS;
    trace("a byte rots at " + new BitRot(image, random).damage(media, covered));
    try {
      SimulatedEngine engine = SimulatedEngine.open(media, store, memory, clock, settings, random);
      ledger.checkReadable(engine.readWhatIsReadable());
    } catch (CorruptMediaException e) {
      trace("refused: " + e.getMessage());
    }
  }

  /** The first recoveries may lose power too, or be killed. */
  private void endSomeRecoveries() {
    for (int cuts = random.nextInt(4) == 0 ? 1 + random.nextInt(MAX_NESTED_CUTS) : 0;
        cuts > 0;
        cuts--) {
      if (random.nextInt(3) > 0) {
        killRecovery();
      } else {
        cutPowerOfRecovery();
      }
    }
  }

  private void killRecovery() {
    if (random.nextBoolean()) {
      memory.killAfter(1 + random.nextInt(12));
    } else {
      cutPowerSoon();
    }
    recoverUntilCut();
    kill();
  }

  private void cutPowerOfRecovery() {
    cutPowerSoon();
    recoverUntilCut();
    losePower();
  }

  private void cutPowerSoon() {
    media.cutPowerAt(1 + random.nextInt(6));
  }

  private void recoverUntilCut() {
    try {
      var _ = recover();
    } catch (PowerCut cut) {
      statistics.nestedCuts++;
    }
  }

  private void liveOn(SimulatedEngine engine) {
    trace("lives on in a fork");
    Life itsLife = new Life(this, engine);
    life = itsLife;
    itsLife.run(settings.actionsPerLife() / 2);
    if (!itsLife.isOver() && random.nextBoolean()) {
      itsLife.settle();
      if (!itsLife.isOver()) {
        drain(engine);
      }
    }
    losePower();
    var _ = adopt(recover());
  }

  /**
   * A cache that was opened and judged.
   *
   * @param found what each sector was found to hold
   */
  private record Recovered(SimulatedEngine engine, int[] found) {}

  /** Opens the cache and judges everything. */
  private Recovered recover() {
    return recover(memory);
  }

  private Recovered recover(SharedMemoryPlace itsMemory) {
    statistics.cycles++;
    store.heal();
    SimulatedEngine engine;
    try {
      engine = SimulatedEngine.open(media, store, itsMemory, clock, settings, random);
    } catch (PcacheException e) {
      throw new BrokenPromise("the cache does not open: " + e.getMessage(), e);
    }
    CacheSnapshot now = engine.cache().snapshot();
    int end = check.checkLog(history, now);
    int[] ids = check.content(store.bytes());
    statistics.mediaChecks++;
    boolean isAllThere = keepsAcknowledged && itsMemory == memory;
    int[] found = isAllThere ? ledger.checkSurvived(ids) : ledger.checkRecovered(ids);
    history.checkIsPastState(ContentMap.idsOnDevice(store.bytes()), end);
    history.cutTo(now.keyHead());
    compare(engine.readContent(), ids);
    return new Recovered(engine, found);
  }

  /** Takes what a recovery found for what is, and its engine for the one that serves. */
  private SimulatedEngine adopt(Recovered recovered) {
    ledger.adopt(recovered.found());
    running = recovered.engine();
    return recovered.engine();
  }

  private static void compare(int[] read, int[] expected) {
    for (int i = 0; i < read.length; i++) {
      if (read[i] != expected[i]) {
        throw new BrokenPromise(
            "sector %d reads as %d, but by the log and the devices it is %d"
                .formatted(ContentMap.deviceSector(i), read[i], expected[i]));
      }
    }
  }
}
