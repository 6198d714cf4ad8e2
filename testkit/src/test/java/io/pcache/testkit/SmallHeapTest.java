package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.cache.CacheSnapshot;
import io.pcache.cache.CacheTuning;
import io.pcache.error.NoSpaceException;
import io.pcache.media.Media;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An index that may not take as much of the heap as the extents of a whole cache would. */
@DisplayName("hazard 45: the index stays within its share of the heap")
class SmallHeapTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int EXTENTS = 1000;
  private static final int STORE_SECTORS = SteppedCaches.STORE_BYTES / SECTOR;

  private static CacheTuning tuning(SteppedCaches caches, int extents, boolean dataCrc) {
    return new CacheTuning(
        caches.clock, 1, 2, 1, 0, 1, IndexHeap.bytes(SteppedCaches.STORE_BYTES, dataCrc, extents));
  }

  private static SteppedCache open(SteppedCaches caches, Media media, CacheTuning tuning) {
    return SteppedCache.open(media, caches.store, caches.clock, tuning);
  }

  private static void assertWithinLimit(SteppedCache cache) {
    CacheSnapshot now = cache.cache().snapshot();
    // A write that is let in may cut an extent in two.
    assertThat(now.indexBytes()).isLessThanOrEqualTo(now.indexLimitBytes() + 256);
  }

  /** Every second sector, so that no two extents ever become one. */
  private static long offsetOf(Random random) {
    return 2L * random.nextInt(STORE_SECTORS / 2) * SECTOR;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void writesWaitForReclaimingWhereTheIndexMayTakeNoMore(boolean dataCrc) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(8, CrashGrain.SECTOR, dataCrc);
      CacheTuning tuning = tuning(caches, EXTENTS, dataCrc);
      SteppedCache cache = open(caches, media, tuning);
      int[] written = new int[STORE_SECTORS];
      Random random = new Random(7);
      for (int id = 1; id <= 4 * EXTENTS; id++) {
        long offset = offsetOf(random);
        cache.write(offset, SECTOR, id);
        written[(int) (offset / SECTOR)] = id;
        assertWithinLimit(cache);
      }
      assertThat(cache.cache().snapshot().cachedExtents()).isBetween(EXTENTS / 2L, EXTENTS + 2L);
      for (int sector = 0; sector < STORE_SECTORS; sector += 2) {
        assertThat(cache.read((long) sector * SECTOR)).isEqualTo(written[sector]);
      }
      cache.flush();
      SteppedCache again = open(caches, media, tuning);
      for (int sector = 0; sector < STORE_SECTORS; sector += 2) {
        assertThat(again.read((long) sector * SECTOR)).isEqualTo(written[sector]);
      }
    }
  }

  @Test
  void aWriteThatWaitsForHeapShowsAndWhatItReplacesStaysReadable() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache =
          open(caches, caches.format(8, CrashGrain.SECTOR, false), tuning(caches, EXTENTS, false));
      int id = 0;
      while (cache.cache().snapshot().waitingRequests() == 0) {
        id++;
        cache.submit(SteppedCache.writeRequest(2L * id * SECTOR, SECTOR, id));
        assertThat(id).isLessThanOrEqualTo(EXTENTS + 1);
      }
      SteppedRequest last = SteppedCache.writeRequest(2L * SECTOR, SECTOR, 9999);
      cache.submit(last);
      assertThat(last.isDone()).isFalse();
      assertThat(cache.cache().snapshot().waitingRequests()).isEqualTo(2);
      assertThat(cache.read(2L * SECTOR)).isEqualTo(1);
      cache.await(last);
      assertThat(last.failure()).isNull();
      assertThat(cache.read(2L * SECTOR)).isEqualTo(9999);
    }
  }

  @Test
  void missesDoNotFillWhereTheIndexIsAlmostAsLargeAsItMayBe() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache =
          open(caches, caches.format(8, CrashGrain.SECTOR, false), tuning(caches, EXTENTS, false));
      for (int sector = 0; sector < 4 * EXTENTS; sector += 2) {
        assertThat(cache.read((long) sector * SECTOR)).isZero();
        CacheSnapshot now = cache.cache().snapshot();
        assertThat(now.indexBytes()).isLessThan(now.indexLimitBytes());
        assertThat(now.waitingRequests()).isZero();
      }
      cache.write(0, SECTOR, 5);
      assertThat(cache.read(0)).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOpenThatDoesNotFitSaysHowMuchHeapItNeeds(boolean dataCrc) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(8, CrashGrain.SECTOR, dataCrc);
      SteppedCache cache = open(caches, media, tuning(caches, 100_000, dataCrc));
      SteppedRequest last = SteppedCache.flushRequest();
      for (int sector = 0; sector < 40_000; sector += 2) {
        last = SteppedCache.writeRequest((long) sector * SECTOR, SECTOR, sector + 1);
        cache.submit(last);
      }
      cache.await(last);
      cache.flush();

      assertThatThrownBy(() -> open(caches, media, tuning(caches, 5000, dataCrc)))
          .isInstanceOf(NoSpaceException.class)
          .hasMessageFindingMatch("the index of 1\\d{4} keys")
          .hasMessageContaining("of heap, and may take 1 MiB")
          .hasMessageContaining("--heap");
      assertThatThrownBy(() -> open(caches, media, tuning(caches, -1000, dataCrc)))
          .isInstanceOf(NoSpaceException.class);
      SteppedCache again = open(caches, media, tuning(caches, 20_000, dataCrc));
      assertThat(again.read(39_998L * SECTOR)).isEqualTo(39_999);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDeviceWhoseEmptyIndexLeavesNoRoomForWritesIsRefused(boolean dataCrc) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(8, CrashGrain.SECTOR, dataCrc);
      assertThatThrownBy(() -> open(caches, media, tuning(caches, 0, dataCrc)))
          .isInstanceOf(NoSpaceException.class)
          .hasMessageContaining("--heap");
    }
  }
}
