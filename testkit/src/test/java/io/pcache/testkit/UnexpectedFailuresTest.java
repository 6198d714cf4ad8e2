package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.cache.destage.WritebackListener;
import io.pcache.error.MediaFailureException;
import io.pcache.format.MediaLayout;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Failures in the middle of an agent's step that nobody foresaw, such as too little heap. The
 * agent's thread logs them and steps again.
 */
@ExtendWith(QuietHealth.class)
class UnexpectedFailuresTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int WRITES = 20;

  /** Apart from each other, so that each is a run of its own. */
  private static long offsetOf(int write) {
    return 2L * write * SECTOR;
  }

  private static SteppedCache open(SteppedCaches caches, Media media, WritebackListener listener) {
    return SteppedCache.open(
        media,
        caches.store,
        caches.clock,
        SteppedCache.tuning(caches.clock, 1, 1),
        LogEnd.Writer.PCACHE,
        listener);
  }

  private static void write(SteppedCache cache) {
    for (int i = 0; i < WRITES; i++) {
      cache.write(offsetOf(i), SECTOR, i + 1);
    }
    cache.flush();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, WRITES})
  void aKeySetInWhichWriteBackFailsIsWrittenAgainAsAWhole(int failingWrite) {
    try (SteppedCaches caches = new SteppedCaches()) {
      AtomicInteger calls = new AtomicInteger();
      WritebackListener failing =
          (offset, length) -> {
            if (calls.incrementAndGet() == failingWrite) {
              throw new IllegalStateException("injected fault");
            }
          };
      SteppedCache cache = open(caches, caches.format(4, CrashGrain.CACHE_LINE, false), failing);
      write(cache);
      assertThatThrownBy(cache::rest).hasMessage("injected fault");
      for (int i = 0; i < 100 && !cache.cache().isClean(); i++) {
        caches.clock.advance(TimeUnit.SECONDS.toNanos(1));
        cache.rest();
      }
      assertThat(cache.cache().isClean()).isTrue();
      for (int i = 0; i < WRITES; i++) {
        assertThat(SectorContent.idAt(caches.store.bytes(), offsetOf(i), offsetOf(i) / SECTOR))
            .as("write %d", i)
            .isEqualTo(i + 1);
      }
      assertThat(cache.cache().snapshot().faults()).isEmpty();
    }
  }

  @Test
  void reclaimingThatFailsHalfwayIsNotTriedAgainBeforeTheNextOpen() {
    try (SteppedCaches caches = new SteppedCaches()) {
      RefusingMedia media =
          new RefusingMedia(
              caches.format(8, CrashGrain.CACHE_LINE, false), IllegalStateException::new);
      SteppedCache cache = caches.open(media);
      write(cache);
      cache.drain();
      cache.cache().setGcPercent(0);
      media.refuse(0, MediaLayout.SEGMENTS_OFFSET);
      assertThatThrownBy(cache::rest).hasMessageContaining("injected fault");
      media.accept();
      assertThat(cache.step("reclaimer")).isZero();
      assertThatThrownBy(() -> cache.write(0, SECTOR, 99))
          .isInstanceOf(MediaFailureException.class)
          .hasMessageContaining("reclaiming failed", "injected fault");
      SteppedCache again = caches.open(media);
      for (int i = 0; i < WRITES; i++) {
        assertThat(again.read(offsetOf(i))).isEqualTo(i + 1);
      }
    }
  }
}
