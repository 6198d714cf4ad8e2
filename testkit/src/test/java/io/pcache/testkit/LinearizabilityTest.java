package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.agent.SystemClock;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingOptions;
import io.pcache.backing.FileBackingStore;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheSnapshot;
import io.pcache.cache.CacheTuning;
import io.pcache.format.CacheInfo;
import io.pcache.format.FreshFormat;
import io.pcache.format.Superblock;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every sector is one register, whatever eight threads do to it at once: the real engine with its
 * own threads, a cache of half the device's size, so that misses fill, write-back writes and
 * reclaiming reclaims all the time. {@code -Dpcache.linearizability.rounds=1000} for more.
 */
@Tag("engine")
@ExtendWith(Seeds.class)
class LinearizabilityTest {
  private static final int ROUNDS = Integer.getInteger("pcache.linearizability.rounds", 25);
  private static final int THREADS = 8;
  private static final int SEGMENTS = 6;
  private static final long BACKING_BYTES = 192L << 20;

  private @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everySectorIsOneRegister(boolean dataCrc, Seed seed)
      throws IOException, InterruptedException {
    Path cacheFile =
        SparseFiles.create(folder.resolve("cache.img"), SteppedCache.mediaBytes(SEGMENTS));
    Path backingFile = SparseFiles.create(folder.resolve("backing.img"), BACKING_BYTES);
    try (Media media = MediaFiles.open(cacheFile);
        BackingDevice backing =
            BackingDevice.start(
                new LingeringStore(FileBackingStore.open(backingFile)),
                BackingOptions.defaults())) {
      FreshFormat.write(media, dataCrc, null);
      CacheInfo info = CacheInfo.load(media, Superblock.load(media));
      CacheTuning tuning =
          new CacheTuning(SystemClock.INSTANCE, seed.value(), 4, 2, 0, 2, Long.MAX_VALUE);
      try (Cache cache =
          Cache.recover(
              media,
              info,
              backing,
              LogEnd.Writer.PCACHE,
              null,
              (at, length) -> {},
              ProcessStaging.create(),
              tuning)) {
        cache.prepareForWriting();
        cache.start();
        LinearizabilityRun run =
            new LinearizabilityRun(
                cache, THREADS, ROUNDS, random -> cache.setGcPercent(nextGcPercent(random)), seed);
        run.run();
        wasHardWork(run, cache.snapshot());
      }
    }
  }

  /** With 0 all that is written back leaves the cache at once, under the requests in flight. */
  private static int nextGcPercent(Random random) {
    return random.nextBoolean() ? 0 : 10 * random.nextInt(9);
  }

  private static void wasHardWork(LinearizabilityRun run, CacheSnapshot did) {
    System.out.println(run.overlaps() + " overlaps; " + did);
    assertThat(run.overlaps()).isGreaterThan(ROUNDS);
    assertThat(did.readHitBytes()).isPositive();
    assertThat(did.readMissBytes()).isPositive();
    assertThat(did.writtenBackBytes()).isPositive();
    assertThat(did.reclaimedSegments()).isPositive();
    assertThat(did.faults()).isEmpty();
  }

  @Test
  void aCacheThatIsRightPasses(Seed seed) throws InterruptedException {
    run(FillingCache.Fault.NONE, seed);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aCacheThatIsWrongIsNoticed(FillingCache.Fault fault, Seed seed) {
    assertThatThrownBy(() -> run(fault, seed))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("is no register");
  }

  private static void run(FillingCache.Fault fault, Seed seed) throws InterruptedException {
    FillingCache cache = new FillingCache(16 << 20, fault);
    new LinearizabilityRun(cache, THREADS, 4, random -> {}, seed).run();
  }
}
