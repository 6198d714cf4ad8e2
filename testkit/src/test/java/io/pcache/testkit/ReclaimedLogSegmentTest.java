package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A segment that the log has left is used again. */
@ExtendWith(Seeds.class)
class ReclaimedLogSegmentTest {
  private static final int SEGMENTS = 8;
  private static final int CRASHES = 40;
  private static final int FILLER = 4 << 20;

  @Test
  @DisplayName("hazard 1: a log segment is used again only once key_tail has durably left it")
  void aLogSegmentIsUsedAgainOnlyOnceKeyTailHasDurablyLeftIt(Seed seed) {
    try (SteppedCaches caches = new SteppedCaches()) {
      CrashMedia media =
          CrashMedia.blank(SteppedCache.mediaBytes(SEGMENTS), CrashGrain.SECTOR, seed.random());
      SteppedCache.format(media, false, 104);
      SteppedCache cache = caches.open(media);
      cache.cache().setGcPercent(90);
      for (int i = 0; i < 3; i++) {
        cache.write(i * 512L, 512, i + 1);
        cache.flush();
      }
      cache.drain();
      assertThat(cache.cache().snapshot().keyTail().cacheSegId()).isZero();
      // Now all of the log is reclaimed at once; nothing else syncs for it.
      cache.cache().setGcPercent(0);
      cache.rest();
      assertThat(cache.cache().snapshot().keyTail().cacheSegId()).isNotZero();
      // Without a step of any agent nothing is synced from here on.
      while (cache.cache().snapshot().waitingRequests() == 0) {
        SteppedRequest filler = new SteppedRequest();
        filler.prepareWriteZeroes(8 << 20, FILLER);
        cache.submit(filler);
      }
      for (int i = 0; i < CRASHES; i++) {
        CrashMedia after = media.copy().crash();
        SteppedCache recovered = caches.open(after);
        for (int sector = 0; sector < 3; sector++) {
          assertThat(recovered.read(sector * 512L)).isEqualTo(sector + 1);
        }
        after.discard();
      }
      media.discard();
    }
  }
}
