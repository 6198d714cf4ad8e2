package io.pcache.cache.commit;

import io.pcache.agent.Clock;
import io.pcache.agent.SystemClock;
import io.pcache.block.BlockRequest;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.pace.AgentWakeups;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.CacheState;
import io.pcache.cache.stripe.Stripes;
import io.pcache.error.PcacheException;
import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetStage;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWriter;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.EmptyMedia;
import io.pcache.stress.Interleavings;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A flush completes, on whichever thread, and not before the key that was staged before it is
 * durable.
 */
class LogCommitterInterleavingTest {
  /** Inside a segment: such a key asks for no commit by its place. */
  private static final int SEG_OFFSET = 512;

  private static final long FIRST_OFF = 0x5A5A_0000L;
  private static final LogPosition START = LogPosition.first(new LogAddress(0, 0));
  private static final long DEVICE_BYTES = 1L << 32;

  @Test
  void everyFlushCompletesWithItsKeyDurable() {
    tryAll(Flushes.class);
  }

  @Test
  void whereASyncBlocksTheAgentServesWhomNoWaitingCallerHas() {
    tryAll(FlushesThatWait.class);
  }

  private static void tryAll(Class<?> operations) {
    Interleavings.tryAll(
        operations,
        LogWriter.class,
        KeySetStage.class,
        StagedKeysPool.class,
        DirtyAges.class,
        CacheHealth.class,
        RememberingMedia.class);
  }

  /** Flushes on several threads, without an agent: whoever needs a commit runs it. */
  public static final class Flushes {
    private final FlushedKeys keys = new FlushedKeys(false);

    /** Stages a key and asks for it to be durable; the answer comes on any thread. */
    @Operation
    public void stageAndFlush() {
      Flush flush = keys.stageNext();
      keys.committer.submit(flush);
    }

    /** When all is quiet every flush is done. */
    @Validate
    public void everyFlushIsDone() {
      keys.checkAllDone();
    }
  }

  /** Flushes by threads that wait for them, and the agent. */
  public static final class FlushesThatWait {
    private final FlushedKeys keys = new FlushedKeys(true);

    /** Stages a key and lends the thread to make it durable. */
    @Operation
    public void stageAndFlushHere() {
      Flush flush = keys.stageNext();
      keys.committer.execute(flush);
    }

    /** A step of the agent. */
    @Operation(nonParallelGroup = "agent")
    public void step() {
      var _ = keys.committer.doWork();
    }

    /** When the agent has nothing to do any more every flush is done. */
    @Validate
    public void everyFlushIsDone() {
      while (keys.committer.doWork() > 0) {
        // It goes on.
      }
      keys.checkAllDone();
    }
  }

  /** A log, keys with a flush each, and what became of them. */
  private static final class FlushedKeys {
    private final RememberingMedia media;
    private final StagedKeysPool pool = new StagedKeysPool(4);
    private final ExtentIndex index = new ExtentIndex(DEVICE_BYTES, false);
    private final Stripes stripes = new Stripes(2, index, pool);
    private final LogCommitter committer;
    private final ConcurrentLinkedQueue<Flush> flushes = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();

    FlushedKeys(boolean syncMayBlock) {
      media = new RememberingMedia(syncMayBlock);
      committer = newCommitter();
    }

    Flush stageNext() {
      int i = count.getAndIncrement();
      Flush flush = new Flush(FIRST_OFF + (long) i * MediaLayout.SUBTREE_BYTES, stripes, media);
      flushes.add(flush);
      flush.prepareFlush();
      flush.begin();
      committer.keyStaged(flush.stage(), SEG_OFFSET);
      return flush;
    }

    void checkAllDone() {
      for (Flush flush : flushes) {
        if (flush.completions.get() != 1 || !flush.wasDurable) {
          throw new IllegalStateException("completed %s times".formatted(flush.completions));
        }
      }
    }

    private LogCommitter newCommitter() {
      SegmentChain chain = SegmentChain.format(media, 2);
      Geometry geometry = new Geometry(media, chain, DEVICE_BYTES, false);
      Segments segments = new Segments(geometry, new RecoveredSegments(media, chain));
      LogWriter writer = new LogWriter(media, chain, START, segments);
      Clock clock = SystemClock.INSTANCE;
      CacheCounters counters = new CacheCounters();
      CacheHealth health = new CacheHealth(clock, () -> {});
      CacheState cache = new CacheState(geometry, index, stripes, segments, health, counters);
      DirtyAges ages = new DirtyAges(counters, clock);
      return new LogCommitter(cache, writer, pool, ages, clock, new AgentWakeups());
    }
  }

  private static final class Flush extends BlockRequest {
    private final long off;
    private final Stripes stripes;
    private final RememberingMedia media;
    private final AtomicInteger completions = new AtomicInteger();

    private volatile boolean wasDurable;

    Flush(long off, Stripes stripes, RememberingMedia media) {
      this.off = off;
      this.stripes = stripes;
      this.media = media;
    }

    private int stage() {
      return stripes.of(off).insert(new Key().range(off, 512).place(1, SEG_OFFSET), 0);
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {
      wasDurable = cause == null && media.isDurable(off);
      var _ = completions.incrementAndGet();
    }
  }

  /** Remembers which keys were written, synced, published by a header, and synced again. */
  private static final class RememberingMedia extends EmptyMedia {
    private final List<Long> written = new ArrayList<>();
    private final List<Long> synced = new ArrayList<>();
    private final List<Long> published = new ArrayList<>();
    private final List<Long> durable = new ArrayList<>();
    private final boolean syncMayBlock;

    RememberingMedia(boolean syncMayBlock) {
      this.syncMayBlock = syncMayBlock;
    }

    @Override
    public boolean syncMayBlock() {
      return syncMayBlock;
    }

    @Override
    public synchronized void write(
        long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
      if (lengthBytes == KeySetRecord.HEADER_BYTES) {
        published.addAll(synced);
        synced.clear();
      }
      for (long at = 0; at + Long.BYTES <= lengthBytes; at += Long.BYTES) {
        long word = source.get(LittleEndian.U64, sourceOffsetBytes + at);
        if (word >= FIRST_OFF && (word - FIRST_OFF) % MediaLayout.SUBTREE_BYTES == 0) {
          written.add(word);
        }
      }
    }

    @Override
    public synchronized void sync() {
      durable.addAll(published);
      published.clear();
      synced.addAll(written);
      written.clear();
    }

    synchronized boolean isDurable(long off) {
      return durable.contains(off);
    }
  }
}
