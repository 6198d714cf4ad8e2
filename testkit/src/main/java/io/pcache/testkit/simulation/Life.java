package io.pcache.testkit.simulation;

import io.pcache.block.BlockDevice;
import io.pcache.block.RequestSource;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.PcacheException;
import io.pcache.testkit.SectorContent;
import io.pcache.testkit.SimulatedStore;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What happens between an opening of the cache and its end: random requests of several clients, the
 * agents stepped in between and meanwhile, every answer checked. Each range of content has one
 * client at a time, so that the order of its writes is known; filler has one of its own.
 *
 * <p>Thread-safety: none.
 */
final class Life {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int MAX_UNSYNCED_WRITES = 8;
  private static final int MAX_PENDING = 6;
  private static final int MAX_OVERLAP_DEPTH = 2;
  private static final int SHORT_OVERLAP = 5;
  private static final int LONG_OVERLAP = 40;
  private static final int HOT_SECTORS = 6;
  private static final int BURST_WRITES = 200;
  private static final int MAX_TICKS = 400;
  private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);

  /** Who acts while an agent, a transfer or a sync is under way. */
  enum Overlap {
    AGENTS,
    AGENTS_AND_CLIENTS
  }

  /** When a write is complete. */
  private enum Completion {
    WHEN_WRITTEN,
    WHEN_DURABLE
  }

  private final World world;
  private final SimulatedEngine engine;
  private final Settings settings;
  private final Ledger ledger;
  private final SimulatedStore store;
  private final RandomGenerator random;
  private final ChangingBuffers changing;

  /** By the number of the range of content; the last is the filler's. */
  private final RequestSource[] clients = new RequestSource[ContentMap.ranges() + 1];

  private int pending;
  private int overlapDepth;
  private boolean writing;

  Life(World world, SimulatedEngine engine) {
    this.world = world;
    this.engine = engine;
    this.settings = world.settings();
    this.ledger = world.ledger();
    this.store = world.store();
    this.random = world.random();
    this.changing = new ChangingBuffers(random);
    Arrays.setAll(clients, i -> new RequestSource(engine.cache()::sourceClosed));
  }

  /** Acts until the cache device has failed or enough was done. */
  void run(int actions) {
    for (int i = 0; i < actions && !isOver(); i++) {
      act();
      steps(settings.stepsBetween());
      if (pending > MAX_PENDING) {
        settle();
      }
    }
  }

  /** Writes single sectors alone; nothing is written back. */
  void writeSome(int writes) {
    for (int i = 0; i < writes; i++) {
      write(random.nextInt(ContentMap.SECTORS), 1, Completion.WHEN_WRITTEN);
    }
  }

  /** Flushes, and steps nothing but the agent that commits. */
  void commit() {
    flush();
    for (int i = 0; pending > 0 && i < MAX_TICKS; i++) {
      engine.commit();
    }
  }

  /** Whether the cache device fails, so that nothing more is acknowledged. */
  boolean isOver() {
    PcacheException refusal = engine.cache().writeRefusal();
    boolean fails = world.media().failsSyncs() || world.media().isOff();
    if (refusal != null && !fails) {
      throw new BrokenPromise("the engine gave up on a cache device that works", refusal);
    }
    return fails;
  }

  private void steps(int most) {
    for (int steps = random.nextInt(most + 1); steps > 0; steps--) {
      engine.step(random);
    }
  }

  /** Heals the backing device and waits for all requests. */
  void settle() {
    store.heal();
    for (int tick = 0; pending > 0 && !isOver(); tick++) {
      if (tick == MAX_TICKS) {
        throw new BrokenPromise("requests hang: " + engine.cache().snapshot());
      }
      engine.rest();
      world.clock().advance(MAX_PAUSE_NANOS);
    }
  }

  /** Something else happens while an agent, a transfer or a sync is under way. */
  void overlap(Overlap who) {
    if (overlapDepth == MAX_OVERLAP_DEPTH || isOver()) {
      return;
    }
    overlapDepth++;
    try {
      int most = random.nextInt(4) == 0 ? LONG_OVERLAP : SHORT_OVERLAP;
      for (int i = random.nextInt(most); i >= 0; i--) {
        if (who == Overlap.AGENTS_AND_CLIENTS && !writing && random.nextInt(3) == 0) {
          request();
        }
        steps(settings.stepsBetween());
      }
    } finally {
      overlapDepth--;
    }
  }

  /** A client changes buffers that requests in flight use. */
  void scribble() {
    if (pending > 0) {
      changing.change();
    }
  }

  private void act() {
    world.statistics().actions++;
    Action action = settings.weights().next(random);
    switch (action) {
      case WRITE -> write(Completion.WHEN_WRITTEN);
      case CARELESS_WRITE -> writeCarelessly();
      case DURABLE_WRITE -> write(Completion.WHEN_DURABLE);
      case ZEROES -> writeZeroes(anyCompletion());
      case READ -> read();
      case CARELESS_READ -> readCarelessly();
      case FLUSH -> flush();
      case FILL -> fill();
      case BURST -> burst();
      case PREFETCH -> prefetch();
      case PAUSE -> world.clock().advance(random.nextLong(MAX_PAUSE_NANOS));
      case BACKING_FAULT -> failBacking();
      case BAD_RANGE -> failRange();
      case HEAL -> store.heal();
      case GC_PERCENT -> setGcPercent();
      case SYNC_FAULT -> failSync();
      case LEAVE -> leave();
    }
  }

  private void request() {
    switch (random.nextInt(4)) {
      case 0 -> read();
      case 1 -> flush();
      default -> write(anyCompletion());
    }
  }

  private Completion anyCompletion() {
    return random.nextInt(4) == 0 ? Completion.WHEN_DURABLE : Completion.WHEN_WRITTEN;
  }

  private int sizeSectors(int range) {
    int most = Math.min(settings.maxSectors(), ContentMap.length(range));
    return 1 + random.nextInt(1 + random.nextInt(most));
  }

  private int place(int range, int sectors) {
    int room = ContentMap.length(range) - sectors;
    boolean hot = random.nextInt(100) < settings.hotShare();
    return ContentMap.first(range) + random.nextInt(1 + (hot ? Math.min(room, HOT_SECTORS) : room));
  }

  private void write(Completion completion) {
    int range = random.nextInt(ContentMap.ranges());
    int count = sizeSectors(range);
    write(place(range, count), count, completion);
  }

  private void write(int first, int count, Completion completion) {
    int version = ledger.nextVersion();
    LifeRequest request = newWrite(first, count, version, completion);
    MemorySegment source = SimulatedEngine.buffer(count);
    SectorContent.fill(source, ContentMap.deviceSector(first), version);
    request.prepareWrite(ContentMap.offsetBytes(first), source);
    submitWrite(request, completion);
  }

  private void writeZeroes(Completion completion) {
    int range = random.nextInt(ContentMap.ranges());
    int count = sizeSectors(range);
    int first = random.nextBoolean() ? ContentMap.first(range) : place(range, count);
    int version = -ledger.nextVersion();
    LifeRequest request = newWrite(first, count, version, completion);
    // With filler before it that takes several turns, if it has to wait.
    long lead = random.nextInt(1 + ContentMap.fillerBefore(first));
    request.prepareWriteZeroes(
        ContentMap.offsetBytes(first) - lead * SECTOR, (lead + count) * SECTOR);
    submitWrite(request, completion);
  }

  private LifeRequest newWrite(int first, int count, int version, Completion completion) {
    boolean durably = completion == Completion.WHEN_DURABLE;
    ledger.submitted(first, count, version);
    trace((durably ? "durable write " : "write ") + version + where(first, count));
    RequestSource client = clients[ContentMap.range(first)];
    return new LifeRequest(
        client,
        failure -> {
          if (succeeded(client, failure, "write " + version)) {
            ledger.acknowledged(first, count, version);
            if (durably) {
              ledger.madeDurable(first, count, version);
              trace("write " + version + " is durable");
            }
          }
        });
  }

  private void submitWrite(LifeRequest request, Completion completion) {
    if (completion == Completion.WHEN_DURABLE) {
      request.completeWhenDurable();
    }
    boolean before = writing;
    writing = true;
    submit(request);
    writing = before;
  }

  /** The buffer changes meanwhile: each sector has one of two versions then. */
  private void writeCarelessly() {
    int range = random.nextInt(ContentMap.ranges());
    int count = sizeSectors(range);
    int first = place(range, count);
    int version = ledger.nextVersion();
    int other = ledger.nextVersion();
    ledger.submitted(first, count, version);
    ledger.submitted(first, count, other);
    trace("write " + version + " or " + other + where(first, count));
    ChangingBuffers.Write write = changing.begin(first, count, version, other);
    RequestSource client = clients[range];
    LifeRequest request =
        new LifeRequest(
            client,
            failure -> {
              changing.end(write);
              if (succeeded(client, failure, "write " + version)) {
                ledger.acknowledged(first, count, version);
              }
            });
    request.prepareWrite(ContentMap.offsetBytes(first), write.source());
    submitWrite(request, Completion.WHEN_WRITTEN);
  }

  private static String where(int first, int count) {
    return ", " + count + " sectors from " + ContentMap.deviceSector(first);
  }

  private void submit(LifeRequest request) {
    pending++;
    engine.cache().submit(request);
  }

  /**
   * Requests fail only where the cache device has, reads where the backing device has, and what has
   * to wait where its client is gone.
   */
  private boolean succeeded(RequestSource client, @Nullable PcacheException failure, String what) {
    pending--;
    if (failure == null) {
      return !isOver();
    }
    boolean excused =
        isOver()
            || failure instanceof BackingFailureException
            || (failure instanceof ClosedException && client.isClosed());
    if (!excused) {
      throw new BrokenPromise(what + " failed", failure);
    }
    trace(what + " failed: " + failure.getMessage());
    return false;
  }

  private void burst() {
    for (int i = random.nextInt(BURST_WRITES); i >= 0; i--) {
      write(random.nextInt(ContentMap.SECTORS), 1, Completion.WHEN_WRITTEN);
    }
  }

  private void read() {
    int range = random.nextInt(ContentMap.ranges());
    int count = sizeSectors(range);
    int first = place(range, count);
    int[] floors = ledger.floors();
    MemorySegment target = SimulatedEngine.buffer(count);
    trace("read" + where(first, count));
    RequestSource client = clients[range];
    LifeRequest request =
        new LifeRequest(
            client,
            failure -> {
              if (succeeded(client, failure, "read")) {
                for (int i = 0; i < count; i++) {
                  int id = SimulatedEngine.idAt(target, i, first + i);
                  ledger.checkRead(first + i, id, floors[first + i]);
                }
              }
            });
    request.prepareRead(ContentMap.offsetBytes(first), target);
    submit(request);
  }

  /** Many of these share a buffer: what they bring is not looked at, what they cache is. */
  private void readCarelessly() {
    int range = random.nextInt(ContentMap.ranges());
    int count = sizeSectors(range);
    int first = place(range, count);
    trace("careless read" + where(first, count));
    RequestSource client = clients[range];
    LifeRequest request =
        new LifeRequest(client, failure -> succeeded(client, failure, "careless read"));
    request.prepareRead(ContentMap.offsetBytes(first), changing.shared(count));
    submit(request);
  }

  private void prefetch() {
    int range = random.nextInt(ContentMap.ranges());
    int count = sizeSectors(range);
    int first = place(range, count);
    trace("prefetch" + where(first, count));
    RequestSource client = clients[range];
    LifeRequest request =
        new LifeRequest(client, failure -> succeeded(client, failure, "prefetch"));
    request.preparePrefetch(ContentMap.offsetBytes(first), (long) count * SECTOR);
    submit(request);
  }

  private void flush() {
    int[] floors = ledger.floors();
    trace("flush");
    RequestSource client = clients[0];
    LifeRequest request =
        new LifeRequest(
            client,
            failure -> {
              if (succeeded(client, failure, "flush")) {
                ledger.flushed(floors);
                trace("flush done");
              }
            });
    request.prepareFlush();
    submit(request);
  }

  private void fill() {
    long length = (1L + random.nextInt(8 << 11)) * SECTOR;
    long offset =
        ContentMap.FILLER_OFFSET
            + random.nextLong((ContentMap.FILLER_BYTES - length) / SECTOR) * SECTOR;
    trace("fill " + length + " bytes");
    RequestSource client = clients[ContentMap.ranges()];
    LifeRequest request = new LifeRequest(client, failure -> succeeded(client, failure, "fill"));
    request.prepareWriteZeroes(offset, length);
    if (random.nextInt(8) == 0) {
      request.completeWhenDurable();
    }
    submit(request);
  }

  private void leave() {
    int number = random.nextInt(clients.length);
    boolean writes = number < ContentMap.ranges();
    if (writes && random.nextBoolean()) {
      // Behind this a write may have to wait for room.
      fill();
      write(ContentMap.first(number), sizeSectors(number), Completion.WHEN_WRITTEN);
    }
    trace("client " + number + " leaves");
    clients[number].close();
    clients[number] = new RequestSource(engine.cache()::sourceClosed);
    if (writes) {
      // What the client that is gone had waiting must not come behind this.
      write(ContentMap.first(number), sizeSectors(number), Completion.WHEN_WRITTEN);
    }
  }

  private void failBacking() {
    world.statistics().faults++;
    trace("backing device: next transfers or flushes fail");
    switch (random.nextInt(3)) {
      case 0 -> store.failFlushes(1 + random.nextInt(2));
      case 1 -> store.failWrites(1 + random.nextInt(3));
      default -> store.failReads(1 + random.nextInt(3));
    }
  }

  private void failRange() {
    world.statistics().faults++;
    int number = random.nextInt(ContentMap.SECTORS);
    trace("backing device: sector " + ContentMap.deviceSector(number) + " fails until healed");
    if (random.nextBoolean()) {
      store.failReadsOf(ContentMap.offsetBytes(number), SECTOR);
    } else {
      store.failWritesTo(ContentMap.offsetBytes(number), SECTOR);
    }
  }

  private void setGcPercent() {
    int percent = random.nextBoolean() ? 0 : random.nextInt(91);
    trace("gc_percent " + percent);
    engine.cache().setGcPercent(percent);
  }

  private void failSync() {
    world.statistics().faults++;
    trace("cache device: the next sync fails");
    // Keys wait for the log whose data that sync loses.
    writeSome(random.nextInt(MAX_UNSYNCED_WRITES));
    world.media().failSyncs();
    flush();
    engine.commit();
  }

  private void trace(String line) {
    world.trace(line);
  }
}
