package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.format.MediaLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is seen where a device refuses what only a client would hear of. */
@ExtendWith(QuietHealth.class)
class RefusedWritesTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int SEGMENTS = 6;

  /** Places of a cache device that the engine writes to by itself. */
  enum Place {
    LOG(MediaLayout.segmentOffset(0) + MediaLayout.SEGMENT_HEADER_BYTES, 4096),
    DIRTY_TAIL(MediaLayout.DIRTY_TAIL_OFFSET, 32),
    KEY_TAIL(MediaLayout.KEY_TAIL_OFFSET, 32),
    GENERATIONS(MediaLayout.segmentOffset(2) + MediaLayout.GENERATION_OFFSET, 4096),
    LOG_RESERVE(
        MediaLayout.segmentOffset(1) + MediaLayout.SEGMENT_HEADER_BYTES,
        MediaLayout.DATA_AREA_BYTES);

    private final long offsetBytes;
    private final long lengthBytes;

    Place(long offsetBytes, long lengthBytes) {
      this.offsetBytes = offsetBytes;
      this.lengthBytes = lengthBytes;
    }
  }

  private static void refuseData(RefusingMedia media) {
    media.refuse(MediaLayout.segmentOffset(2), MediaLayout.segmentOffset(SEGMENTS));
  }

  @Test
  @DisplayName("hazard 33: a write that the cache device refuses is a fault until it works again")
  void aRefusedWriteIsAFaultUntilItWorksAgain() {
    try (SteppedCaches caches = new SteppedCaches()) {
      RefusingMedia media = new RefusingMedia(caches.format(SEGMENTS, CrashGrain.SECTOR, false));
      SteppedCache cache = caches.open(media);
      cache.write(0, SECTOR, 1);
      refuseData(media);
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> cache.write(4096, SECTOR, 2)).isInstanceOf(NoSpaceException.class);
      }
      assertThat(cache.cache().snapshot().faults())
          .singleElement()
          .asString()
          .contains("failed writes to the cache device: 3,", "injected fault: no room");

      caches.clock.advance(TimeUnit.MINUTES.toNanos(5));
      assertThat(cache.cache().snapshot().faults()).hasSize(1);
      media.accept();
      cache.write(4096, SECTOR, 3);
      assertThat(cache.cache().snapshot().faults()).isEmpty();
      assertThat(cache.read(0)).isEqualTo(1);
      assertThat(cache.read(4096)).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("hazard 33: a device that fails now and then stays at fault in between")
  void aWriteThatGoesWellDoesNotEndTheFaultAtOnce() {
    try (SteppedCaches caches = new SteppedCaches()) {
      RefusingMedia media = new RefusingMedia(caches.format(SEGMENTS, CrashGrain.SECTOR, false));
      SteppedCache cache = caches.open(media);
      refuseData(media);
      assertThatThrownBy(() -> cache.write(4096, SECTOR, 2)).isInstanceOf(NoSpaceException.class);
      media.accept();
      cache.write(0, SECTOR, 1);
      assertThat(cache.cache().snapshot().faults()).hasSize(1);
      caches.clock.advance(TimeUnit.SECONDS.toNanos(11));
      assertThat(cache.cache().snapshot().faults()).isEmpty();
    }
  }

  @Test
  @DisplayName("hazard 33: a read whose data cannot be cached goes well, and the fault shows")
  void aFillThatIsRefusedDoesNotFailTheRead() {
    try (SteppedCaches caches = new SteppedCaches()) {
      RefusingMedia media = new RefusingMedia(caches.format(SEGMENTS, CrashGrain.SECTOR, false));
      SteppedCache cache = caches.open(media);
      refuseData(media);
      assertThat(cache.read(0)).isZero();
      assertThat(media.refusals()).isPositive();
      assertThat(cache.cache().snapshot().faults())
          .singleElement()
          .asString()
          .contains("writes to the cache device", "could not be cached");
      media.accept();
      assertThat(cache.read(0)).isZero();
      caches.clock.advance(TimeUnit.SECONDS.toNanos(11));
      assertThat(cache.cache().snapshot().faults()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 33: where the cache device refuses what is the engine's own, status says so")
  void whatTheEngineWritesByItselfIsNotRefusedInSilence(Place place) {
    try (SteppedCaches caches = new SteppedCaches()) {
      RefusingMedia media = new RefusingMedia(caches.format(SEGMENTS, CrashGrain.SECTOR, false));
      SteppedCache cache = caches.open(media);
      cache.cache().setGcPercent(0);
      media.refuse(place.offsetBytes, place.lengthBytes);
      RuntimeException refusal = writeUntilRefused(cache);
      assertThat(media.refusals()).isPositive();
      assertThat(cache.cache().snapshot().faults())
          .anyMatch(fault -> fault.startsWith("log: injected fault: no room"));
      assertThat(cache.cache().snapshot().writeback()).isEqualTo("stopped");
      assertThat(refusal).isInstanceOf(NoSpaceException.class);
    }
  }

  private static RuntimeException writeUntilRefused(SteppedCache cache) {
    for (int i = 0; i < 4000; i++) {
      try {
        cache.write(i % 64 * 65536L, 65536, i + 1);
        cache.flush();
      } catch (RuntimeException e) {
        return e;
      }
      cache.rest();
    }
    throw new AssertionError("nothing was refused");
  }

  @Test
  @DisplayName("hazard 33: a read that the backing device fails is a fault until it works again")
  void aFailedReadOfTheBackingDeviceIsAFaultUntilItWorksAgain() {
    try (SteppedCaches caches = new SteppedCaches()) {
      FaultyStore faulty = new FaultyStore(caches.store);
      SteppedCache cache = caches.open(caches.format(SEGMENTS, CrashGrain.SECTOR, false), faulty);
      faulty.failReads(0, SECTOR);
      assertThatThrownBy(() -> cache.read(0)).isInstanceOf(BackingFailureException.class);
      assertThat(cache.cache().snapshot().faults())
          .singleElement()
          .asString()
          .contains("failed reads of the backing device: 1,", "injected fault");
      faulty.heal();
      caches.clock.advance(TimeUnit.SECONDS.toNanos(11));
      assertThat(cache.cache().snapshot().faults()).hasSize(1);
      assertThat(cache.read(0)).isZero();
      assertThat(cache.cache().snapshot().faults()).isEmpty();
    }
  }
}
