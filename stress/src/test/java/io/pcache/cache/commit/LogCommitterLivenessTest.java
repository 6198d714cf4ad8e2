package io.pcache.cache.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.AgentThread;
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
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.format.Key;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.index.ExtentIndex;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWriter;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.EmptyMedia;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever commits ends, and leaves nothing behind that nobody knows of. */
class LogCommitterLivenessTest {
  /** Inside a segment: such a key asks for no commit by its place. */
  private static final int SEG_OFFSET = 512;

  private static final int MANY_KEYS = 1024;
  private static final LogPosition START = LogPosition.first(new LogAddress(0, 0));
  private static final long DEVICE_BYTES = 1L << 32;

  private final SlowMedia media = new SlowMedia();
  private final ExtentIndex index = new ExtentIndex(DEVICE_BYTES, false);
  private final Stripes stripes = new Stripes(2, index, new StagedKeysPool(4));
  private final CacheHealth health = new CacheHealth(SystemClock.INSTANCE, () -> {});
  private final AgentWakeups wakeups = new AgentWakeups();
  private final SetClock clock = new SetClock();
  private final LogCommitter committer = newCommitter();

  private LogCommitter newCommitter() {
    SegmentChain chain = SegmentChain.format(media, 2);
    Geometry geometry = new Geometry(media, chain, DEVICE_BYTES, false);
    Segments segments = new Segments(geometry, new RecoveredSegments(media, chain));
    LogWriter writer = new LogWriter(media, chain, START, segments);
    CacheCounters counters = new CacheCounters();
    CacheState cache = new CacheState(geometry, index, stripes, segments, health, counters);
    DirtyAges ages = new DirtyAges(counters, clock);
    return new LogCommitter(cache, writer, new StagedKeysPool(4), ages, clock, wakeups);
  }

  private int stage() {
    return stage(0);
  }

  private int stage(long offsetBytes) {
    Key key = new Key().range(offsetBytes, 512).place(1, SEG_OFFSET);
    return stripes.of(offsetBytes).insert(key, 0);
  }

  private void stageTooManyKeys() {
    for (int i = 0; i < MANY_KEYS; i++) {
      committer.keyStaged(stage(), SEG_OFFSET);
    }
  }

  private void fillStage() {
    for (int i = 0; i < KeySetRecord.MAX_KEYS; i++) {
      committer.keyStaged(stage(), SEG_OFFSET);
    }
  }

  @Test
  void whoFillsAStageTakesTheOthersOnlyNowAndThen() {
    media.syncMayBlock = false;
    committer.keyStaged(stage(MediaLayout.SUBTREE_BYTES), SEG_OFFSET);
    fillStage();
    assertThat(stripes.hasFullStage()).isFalse();
    assertThat(stripes.hasStagedKeys()).isTrue();
    clock.nanos = TimeUnit.MILLISECONDS.toNanos(10);
    fillStage();
    assertThat(stripes.hasStagedKeys()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsStagedIsCommittedWhenAskedFor(boolean syncMayBlock) {
    media.syncMayBlock = syncMayBlock;
    committer.keyStaged(stage(), SEG_OFFSET);
    committer.keyStaged(stage(MediaLayout.SUBTREE_BYTES), SEG_OFFSET);
    LogPosition before = committer.durableHead();
    committer.commitStaged();
    while (committer.doWork() > 0) {
      assertThat(syncMayBlock).isTrue();
    }
    assertThat(stripes.hasStagedKeys()).isFalse();
    assertThat(committer.isCommitting()).isFalse();
    assertThat(committer.durableHead()).isNotEqualTo(before);
  }

  @Test
  void whatBeginsASegmentHasAllStagesCommitted() {
    media.syncMayBlock = false;
    committer.keyStaged(stage(MediaLayout.SUBTREE_BYTES), SEG_OFFSET);
    assertThat(stripes.hasStagedKeys()).isTrue();
    committer.keyStaged(stage(), 0);
    assertThat(stripes.hasStagedKeys()).isFalse();
  }

  @Test
  @Timeout(600)
  void askingAfterTheLogHasFailedKeepsNobodyBusy() {
    media.syncMayBlock = false;
    stage();
    health.logFailed(new MediaFailureException("failed", new IllegalStateException("failed")));
    committer.commitStaged();
    assertThat(committer.doWork()).isZero();
  }

  @Test
  void whereASyncBlocksAllStagesShareIt() {
    committer.keyStaged(stage(MediaLayout.SUBTREE_BYTES), SEG_OFFSET);
    fillStage();
    while (committer.doWork() > 0) {
      assertThat(stripes.hasStagedKeys()).isFalse();
    }
    assertThat(committer.isCommitting()).isFalse();
  }

  @Test
  void whatIsStagedWhenTheLogHasFailedIsNoWork() {
    stage();
    health.logFailed(new MediaFailureException("failed", new IllegalStateException("failed")));
    clock.nanos = TimeUnit.SECONDS.toNanos(2);
    assertThat(committer.doWork()).isZero();
  }

  @Test
  @Timeout(600)
  void aBacklogReportedDuringTheLastStepOfACallerIsNotLeftBehind() throws InterruptedException {
    try (AgentThread _ =
        AgentThread.start(committer, TimeUnit.HOURS.toNanos(1), wakeups.committer())) {
      stage();
      media.onSync = () -> media.onSync = this::stageTooManyKeysOnce;
      committer.execute(new Flush());
      while (!committer.hasRoomForKeys()) {
        Thread.sleep(1);
      }
    }
  }

  private void stageTooManyKeysOnce() {
    media.onSync = () -> {};
    stageTooManyKeys();
    // Long enough, mostly, for the agent to find that it cannot do anything now.
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
  }

  @Test
  void aCacheWhoseLogHasFailedIsNeverClean() {
    stage();
    media.onSync =
        () -> {
          throw new MediaFailureException("failed", new IllegalStateException("failed"));
        };
    Flush flush = new Flush();
    committer.execute(flush);
    assertThat(flush.failure).isInstanceOf(MediaFailureException.class);
    assertThat(stripes.hasStagedKeys() || committer.isCommitting()).isTrue();
  }

  @Test
  void aCallerIsNotKeptForOthers() throws InterruptedException {
    int[] servedForOthers = new int[1];
    Flush own = new Flush();
    Flush first = new Flush();
    first.then =
        () -> {
          Thread agent =
              new Thread(() -> {
                bringMore(servedForOthers, own);
                var _ = committer.doWork();
              });
          agent.start();
          join(agent);
        };
    stage();
    committer.submit(first);
    var _ = committer.doWork();
    stage();
    committer.executeHere(own);
    assertThat(own.done).isTrue();
    assertThat(servedForOthers[0]).isLessThan(2);
  }

  /** Flushes one after the other, each submitted when the one before is complete. */
  private void bringMore(int[] served, Flush own) {
    Flush more = new Flush();
    more.then =
        () -> {
          if (own.done && served[0] < MANY_KEYS) {
            served[0]++;
            bringMore(served, own);
          }
        };
    stage();
    committer.submit(more);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Media whose syncs block, unless told otherwise, and do what a test wants meanwhile. */
  private static final class SlowMedia extends EmptyMedia {
    private volatile Runnable onSync = () -> {};
    private volatile boolean syncMayBlock = true;

    @Override
    public boolean syncMayBlock() {
      return syncMayBlock;
    }

    @Override
    public void write(long offsetBytes, MemorySegment source, long sourceOffsetBytes, long length) {
      // Nobody reads it.
    }

    @Override
    public void sync() {
      onSync.run();
    }
  }

  private static final class SetClock implements Clock {
    private volatile long nanos;

    @Override
    public long nanoTime() {
      return nanos;
    }

    @Override
    public long epochMillis() {
      return 0;
    }

    @Override
    public void pause(long moreNanos) {
      throw new UnsupportedOperationException();
    }
  }

  private static final class Flush extends BlockRequest {
    private volatile Runnable then = () -> {};
    private volatile boolean done;
    private volatile @Nullable PcacheException failure;

    Flush() {
      prepareFlush();
      begin();
    }

    @Override
    protected void completed(@Nullable PcacheException cause) {
      failure = cause;
      done = true;
      then.run();
    }
  }
}
