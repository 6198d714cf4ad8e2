package io.pcache.testkit.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.MediaFailureException;
import io.pcache.testkit.CrashGrain;
import io.pcache.testkit.CrashMedia;
import io.pcache.testkit.ManualClock;
import io.pcache.testkit.SimulatedMemory;
import io.pcache.testkit.SimulatedStore;
import io.pcache.testkit.SteppedCache;
import io.pcache.testkit.SteppedRequest;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A device that failed a sync may have lost data that staged keys name. */
class StagingAfterFailedSyncTest {
  private static final int SEGMENTS = 4;
  private static final long SEED = 1;

  @Test
  @DisplayName("hazard 44: after a failed commit no unflushed write survives")
  void noUnflushedWriteSurvivesAFailedCommit() {
    check(StagingAfterFailedSyncTest::commitTwoWrites);
  }

  @Test
  @DisplayName("hazard 44: after a failed change of gc_percent no unflushed write survives")
  void noUnflushedWriteSurvivesAFailedChange() {
    check(engine ->
        assertThatThrownBy(() -> engine.cache().setGcPercent(50))
            .isInstanceOf(MediaFailureException.class));
  }

  private static void check(Consumer<SimulatedEngine> sync) {
    CrashMedia media =
        CrashMedia.blank(
            SteppedCache.mediaBytes(SEGMENTS), CrashGrain.SECTOR, new SplittableRandom(SEED));
    SteppedCache.format(media, false, 24);
    SimulatedStore store = new SimulatedStore(ContentMap.DEVICE_BYTES, new SplittableRandom(SEED));
    SimulatedMemory memory = new SimulatedMemory(World.MEMORY_BYTES, media::isOff, () -> {});
    SimulatedEngine engine =
        SimulatedEngine.open(
            media,
            store,
            memory,
            new ManualClock(),
            Settings.draw(new SplittableRandom(SEED)),
            new SplittableRandom(SEED));
    assertThat(engine.survivesKill()).isTrue();
    media.failSyncs();
    sync.accept(engine);
    assertThat(engine.survivesKill()).isFalse();
    SteppedRequest refused = SteppedCache.writeRequest(4096, 512, 3);
    engine.cache().submit(refused);
    assertThat(refused.failure()).isInstanceOf(MediaFailureException.class);
  }

  /** The first write of a data segment is committed at once, the second is staged. */
  private static void commitTwoWrites(SimulatedEngine engine) {
    engine.cache().submit(SteppedCache.writeRequest(0, 512, 1));
    engine.cache().submit(SteppedCache.writeRequest(512, 512, 2));
    engine.cache().submit(SteppedCache.flushRequest());
    engine.rest();
  }
}
