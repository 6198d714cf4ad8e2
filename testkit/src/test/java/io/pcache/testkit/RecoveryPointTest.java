package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.cache.CacheSnapshot;
import io.pcache.media.Media;
import org.junit.jupiter.api.Test;

/** How far the backing device is behind. */
class RecoveryPointTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int KEY_SETS = 7;

  @Test
  void itCountsWhatIsNotWrittenBackYetAlsoAfterARecovery() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, CrashGrain.CACHE_LINE, false);
      SteppedCache cache = caches.open(media);
      for (int i = 0; i < KEY_SETS; i++) {
        cache.write((long) i * SECTOR, SECTOR, i + 1);
        cache.flush();
      }
      assertIsBehind(cache, KEY_SETS);
      SteppedCache again = caches.open(media);
      assertIsBehind(again, KEY_SETS);
      again.write((long) KEY_SETS * SECTOR, SECTOR, KEY_SETS + 1);
      again.flush();
      assertIsBehind(again, KEY_SETS + 1);
      again.drain();
      assertIsBehind(again, 0);
    }
  }

  @Test
  void dataThatWaitsForTheLogCountsAsOneKeySet() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = caches.open(caches.format(4, CrashGrain.CACHE_LINE, false));
      cache.write(0, SECTOR, 1);
      assertIsBehind(cache, 1);
      cache.drain();
      assertIsBehind(cache, 0);
    }
  }

  private static void assertIsBehind(SteppedCache cache, int keySets) {
    CacheSnapshot now = cache.cache().snapshot();
    assertThat(now.dirtyKeySets()).isEqualTo(keySets);
    assertThat(now.dirtyBytes()).isEqualTo((long) keySets * SECTOR);
  }
}
