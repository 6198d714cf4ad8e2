package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentGeneration;
import io.pcache.format.TailPosition;
import io.pcache.media.Media;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Keys older than their segment, as a crash in the middle of the kernel's reclaiming leaves them.
 */
class StaleKeysTest {
  private static final int SEGMENTS = 5;
  private static final int NEW = 7;

  /**
   * Three keys in one key set: the segment of the first was reclaimed, and key_tail did not move.
   */
  private static Media halfReclaimed(SteppedCaches caches, boolean dataCrc) {
    Media media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, dataCrc);
    LogAddress head =
        new HandmadeLog(media)
            .keySet(
                new LogAddress(0, 0),
                List.of(
                    new LogKey(0, 512, 0, 1, 0, 0),
                    new LogKey(512, 512, 0, 2, 0, 0),
                    new LogKey(1024, 512, 0, 2, 512, 0),
                    new LogKey(1536, 512, 0, 1, 512, 0)));
    TailPosition.dirtyTail(media, SEGMENTS).storeDurably(head);
    SegmentGeneration.at(media, MediaLayout.segmentOffset(1)).store(1);
    media.sync();
    SectorContent.fill(caches.store.bytes(), 0, NEW);
    return media;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName(
      "hazards 7, 9: a stale key is dropped before its data is looked at, and holds nothing")
  void aStaleKeyIsDroppedAndHoldsNoReference(boolean dataCrc) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = halfReclaimed(caches, dataCrc);
      SteppedCache cache = caches.openFromUnknownWriter(media);
      // The log's segment and the one that live keys name.
      assertThat(cache.cache().snapshot().segmentsInUse()).isEqualTo(2);
      assertThat(cache.read(0)).isEqualTo(NEW);
      assertThat(cache.read(1536)).isEqualTo(NEW);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("hazard 8: reclaiming goes on past stale keys and drops no reference twice")
  void aHalfReclaimedKeySetIsReclaimedToItsEnd(boolean dataCrc) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = halfReclaimed(caches, dataCrc);
      SteppedCache cache = caches.openFromUnknownWriter(media);
      cache.writeZeroes(1 << 20, 1 << 20);
      cache.cache().setGcPercent(0);
      cache.drain();
      cache.rest();
      assertThat(cache.cache().snapshot().cachedExtents()).isZero();
      // The log's segment and the one that is being filled.
      assertThat(cache.cache().snapshot().segmentsInUse()).isEqualTo(2);
      assertThat(cache.cache().snapshot().faults()).isEmpty();
      assertThat(cache.read(512)).isEqualTo(NEW);
    }
  }
}
