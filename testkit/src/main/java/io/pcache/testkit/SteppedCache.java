package io.pcache.testkit;

import io.pcache.agent.Agent;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingOptions;
import io.pcache.backing.BackingStore;
import io.pcache.backing.SteppedRunner;
import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheTuning;
import io.pcache.cache.destage.WritebackListener;
import io.pcache.error.PcacheException;
import io.pcache.format.CacheInfo;
import io.pcache.format.FreshFormat;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.Superblock;
import io.pcache.format.TailPosition;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * The real engine in one thread: media, backing store and time are simulated, and its agents work
 * when a test steps them, so that a seed repeats a run exactly.
 *
 * <p>Thread-safety: one thread.
 */
public final class SteppedCache {
  private static final BackingOptions FEW_REQUESTS = new BackingOptions(8, 4, 1, 16 << 10);
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1100);
  private static final int MAX_ROUNDS = 100_000;

  private final Media media;
  private final Cache cache;
  private final ManualClock clock;
  private final List<Agent> agents;

  private SteppedCache(Media media, Cache cache, BackingDevice backing, ManualClock clock) {
    this.media = media;
    this.cache = cache;
    this.clock = clock;
    this.agents = new ArrayList<>(cache.agents());
    agents.add(backing.submitWorker());
    agents.add(backing.completionWorker());
  }

  /** The size of a cache device of that many segments. */
  public static long mediaBytes(int segments) {
    return MediaLayout.SEGMENTS_OFFSET + segments * MediaLayout.SEGMENT_BYTES;
  }

  /**
   * Makes a device an empty cache whose log begins shortly before the end of segment 0, so that it
   * soon goes on in another.
   *
   * @param roomBytes what is left of segment 0, at least a key set's header
   */
  public static void format(Media media, boolean dataCrc, int roomBytes) {
    FreshFormat.write(media, dataCrc, null);
    moveTails(media, new LogAddress(0, MediaLayout.DATA_AREA_BYTES - roomBytes));
  }

  /**
   * Moves the end of a log that holds nothing dirty towards the end of its segment, as if key sets
   * had been there and were reclaimed. The cache is closed; it is empty afterwards.
   */
  public static void skipLogTo(Media media, LogAddress keyHead, int roomBytes) {
    int offset = Math.max(keyHead.segOffsetBytes(), MediaLayout.DATA_AREA_BYTES - roomBytes);
    moveTails(media, new LogAddress(keyHead.cacheSegId(), offset));
  }

  private static void moveTails(Media media, LogAddress position) {
    int segments = Superblock.load(media).segNum();
    TailPosition.dirtyTail(media, segments).storeDurably(position);
    TailPosition.keyTail(media, segments).storeDurably(position);
  }

  /** What the tests of one stripe use: the order of the log is the order of the writes. */
  public static CacheTuning tuning(ManualClock clock, long seed, int stripes) {
    return new CacheTuning(clock, seed, stripes, 1, 0, 1, Long.MAX_VALUE);
  }

  /**
   * Recovers the cache on a device, and makes everything found there durable as an open does.
   *
   * @throws PcacheException where recovery refuses
   */
  public static SteppedCache open(
      Media media, BackingStore store, ManualClock clock, CacheTuning tuning) {
    return open(media, store, clock, tuning, LogEnd.Writer.PCACHE);
  }

  /** The same for a log that somebody else may have written. */
  public static SteppedCache open(
      Media media,
      BackingStore store,
      ManualClock clock,
      CacheTuning tuning,
      LogEnd.Writer lastWriter) {
    return open(media, store, clock, tuning, lastWriter, (offset, length) -> {});
  }

  /** The same where somebody is told before write-back changes the backing device. */
  public static SteppedCache open(
      Media media,
      BackingStore store,
      ManualClock clock,
      CacheTuning tuning,
      LogEnd.Writer lastWriter,
      WritebackListener listener) {
    CacheInfo info = CacheInfo.load(media, Superblock.load(media));
    BackingDevice backing = BackingDevice.start(store, FEW_REQUESTS, new SteppedRunner());
    Cache cache =
        Cache.recover(
            media, info, backing, lastWriter, null, listener, ProcessStaging.create(), tuning);
    cache.prepareForWriting();
    media.sync();
    return new SteppedCache(media, cache, backing, clock);
  }

  /** The engine. */
  public Cache cache() {
    return cache;
  }

  /** The time. */
  public ManualClock clock() {
    return clock;
  }

  /** Takes a request; it may be complete when this returns, or after some steps. */
  public void submit(BlockRequest request) {
    cache.submit(request);
  }

  /** Steps one agent that chance picks. Returns what it did. */
  public int step(RandomGenerator random) {
    return agents.get(random.nextInt(agents.size())).doWork();
  }

  /** Steps the agent of that name once. */
  public int step(String name) {
    for (Agent agent : agents) {
      if (agent.name().equals(name)) {
        return agent.doWork();
      }
    }
    throw new IllegalArgumentException("no agent is called " + name);
  }

  /** Steps all agents, in turn, until none has anything to do at this time. */
  public void rest() {
    int done = 1;
    for (int round = 0; done > 0; round++) {
      if (round == MAX_ROUNDS) {
        throw new AssertionError("the agents do not come to rest: " + cache.snapshot());
      }
      done = 0;
      for (Agent agent : agents) {
        done += agent.doWork();
      }
    }
  }

  /** Lets time pass and all agents work until nothing is dirty. */
  public void drain() {
    for (int tick = 0; tick < 100; tick++) {
      clock.advance(TICK_NANOS);
      rest();
      if (cache.isClean()) {
        return;
      }
    }
    throw new AssertionError("the cache does not become clean: " + cache.snapshot());
  }

  /** Submits a prepared request and steps the agents until it is complete. */
  public void carryOut(SteppedRequest request) {
    submit(request);
    await(request);
    PcacheException failure = request.failure();
    if (failure != null) {
      throw failure;
    }
  }

  /** Steps the agents until a submitted request is complete. */
  public void await(SteppedRequest request) {
    for (int tick = 0; !request.isDone(); tick++) {
      if (tick == 100) {
        throw new AssertionError(request.op() + " hangs: " + cache.snapshot());
      }
      rest();
      clock.advance(TICK_NANOS);
    }
  }

  /** Writes the content of one id, and waits. */
  public void write(long offsetBytes, int lengthBytes, int id) {
    carryOut(writeRequest(offsetBytes, lengthBytes, id));
  }

  /** A write of the content of one id. */
  public static SteppedRequest writeRequest(long offsetBytes, int lengthBytes, int id) {
    return prepareWrite(new SteppedRequest(), offsetBytes, lengthBytes, id);
  }

  /** Makes a request a write of the content of one id, and returns it. */
  public static SteppedRequest prepareWrite(
      SteppedRequest request, long offsetBytes, int lengthBytes, int id) {
    MemorySegment content = MemorySegment.ofArray(new long[lengthBytes / Long.BYTES]);
    SectorContent.fill(content, offsetBytes / BlockDevice.SECTOR_BYTES, id);
    request.prepareWrite(offsetBytes, content);
    return request;
  }

  /** Writes zeroes, and waits. */
  public void writeZeroes(long offsetBytes, long lengthBytes) {
    SteppedRequest request = new SteppedRequest();
    request.prepareWriteZeroes(offsetBytes, lengthBytes);
    carryOut(request);
  }

  /** Makes all writes durable, and waits. */
  public void flush() {
    carryOut(flushRequest());
  }

  /** A flush, not submitted yet. */
  public static SteppedRequest flushRequest() {
    SteppedRequest request = new SteppedRequest();
    request.prepareFlush();
    return request;
  }

  /** Reads one sector and says which id it holds, as {@link SectorContent#idAt}. */
  public int read(long offsetBytes) {
    MemorySegment sector = MemorySegment.ofArray(new long[BlockDevice.SECTOR_BYTES / Long.BYTES]);
    SteppedRequest request = new SteppedRequest();
    request.prepareRead(offsetBytes, sector);
    carryOut(request);
    return SectorContent.idAt(sector, 0, offsetBytes / BlockDevice.SECTOR_BYTES);
  }

  /** The cache device. */
  public Media media() {
    return media;
  }
}
