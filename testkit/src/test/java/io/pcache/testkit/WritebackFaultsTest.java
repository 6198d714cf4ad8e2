package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.cache.CacheSnapshot;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.LogAddress;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Faults of either device while data is written back: seen, survived, and over when they are. */
class WritebackFaultsTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Changes one byte of what the media holds at a place. */
  private static void flip(Media media, long at) {
    MemorySegment one = MemorySegment.ofArray(new byte[1]);
    one.set(ValueLayout.JAVA_BYTE, 0, (byte) ~media.view().get(ValueLayout.JAVA_BYTE, at));
    media.write(at, one, 0, 1);
  }

  private static long dataOf(Media media, int segment) {
    return SteppedCaches.chain(media).dataOffset(segment);
  }

  @Test
  @DisplayName(
      "hazard 11: a failing backing device is tried again with growing pauses, 30 s at most")
  void pausesGrowWhileTheBackingDeviceFails() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, CrashGrain.CACHE_LINE, false);
      FaultyStore faulty = new FaultyStore(caches.store);
      faulty.failWrites(0, SECTOR);
      SteppedCache cache = caches.open(media, faulty);
      cache.write(0, SECTOR, 1);
      cache.flush();
      List<Long> pauses = pausesBetweenTries(cache, 14);
      assertThat(pauses.subList(0, 10)).isSorted();
      assertThat(pauses.getLast()).isBetween(15_000L, 30_010L);
      CacheSnapshot failing = cache.cache().snapshot();
      assertThat(failing.writeback()).isEqualTo("backing-off");
      assertThat(failing.faults()).singleElement().asString().contains("injected fault");

      faulty.heal();
      for (int i = 0; i < 35 && !cache.cache().isClean(); i++) {
        caches.clock.advance(TimeUnit.SECONDS.toNanos(1));
        cache.rest();
      }
      assertThat(cache.cache().isClean()).isTrue();
      assertThat(cache.cache().snapshot().faults()).isEmpty();
      assertThat(SectorContent.idAt(caches.store.bytes(), 0, 0)).isEqualTo(1);
    }
  }

  /** Milliseconds between tries; the last few are at the cap, where chance alone decides. */
  private static List<Long> pausesBetweenTries(SteppedCache cache, int tries) {
    List<Long> pauses = new ArrayList<>();
    long lastTry = -1;
    long now = 0;
    while (pauses.size() < 12 && now < TimeUnit.MINUTES.toMillis(tries)) {
      if (cache.step("write-back") > 0) {
        if (lastTry >= 0) {
          pauses.add(now - lastTry);
        }
        lastTry = now;
        cache.rest();
      }
      cache.clock().advance(TICK_NANOS);
      now += TimeUnit.NANOSECONDS.toMillis(TICK_NANOS);
    }
    return pauses;
  }

  @Test
  @DisplayName("hazard 21: a failed flush of the backing device keeps dirty_tail where it is")
  void aFailedFlushKeepsDirtyTail() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, CrashGrain.CACHE_LINE, false);
      SteppedCache cache = caches.open(media);
      cache.write(0, 64 * SECTOR, 1);
      // The flush of the client commits at once; nothing has been written back yet.
      cache.submit(SteppedCache.flushRequest());
      caches.store.failFlushes(3);
      for (int i = 0; i < 3; i++) {
        cache.rest();
        assertThat(cache.cache().snapshot().dirtyTail()).isEqualTo(new LogAddress(0, 0));
        caches.clock.advance(TimeUnit.SECONDS.toNanos(1));
      }
      cache.drain();
      caches.store.cutPower();
      for (int sector = 0; sector < 64; sector++) {
        assertThat(SectorContent.idAt(caches.store.bytes(), (long) sector * SECTOR, sector))
            .isEqualTo(1);
      }
    }
  }

  @Test
  @DisplayName("hazards 10, 20: damaged dirty data is set aside, seen, and the rest goes on")
  void damagedDirtyDataIsSetAsideAndTheRestGoesOn() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(6, CrashGrain.CACHE_LINE, true);
      SteppedCache cache = caches.open(media);
      leaveDamagedDirtyData(cache, media);
      cache.write(1 << 20, SECTOR, 2);
      cache.drain();
      assertThat(cache.cache().snapshot().writeback()).isEqualTo("idle");
      assertThat(SectorContent.idAt(caches.store.bytes(), 1 << 20, (1 << 20) / SECTOR))
          .isEqualTo(2);
      assertThat(SectorContent.idAt(caches.store.bytes(), 0, 0)).isNotEqualTo(1);
      assertDamaged(cache);

      assertDamaged(caches.open(media));
    }
  }

  @Test
  @DisplayName("hazard 10: damaged data counts as set aside or as dirty, and not as both")
  void damagedDataIsNotCountedTwiceWhileItsKeySetIsRetried() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(6, CrashGrain.CACHE_LINE, true);
      FaultyStore faulty = new FaultyStore(caches.store);
      faulty.failWrites(1 << 20, SECTOR);
      SteppedCache cache = caches.open(media, faulty);
      cache.submit(SteppedCache.writeRequest(0, 2 * SECTOR, 1));
      cache.submit(SteppedCache.writeRequest(1 << 20, SECTOR, 2));
      flip(media, dataOf(media, 2) + 700);
      cache.flush();
      for (int i = 0; i < 10; i++) {
        caches.clock.advance(TimeUnit.SECONDS.toNanos(30));
        cache.rest();
        assertThat(cache.cache().snapshot().writeback()).isEqualTo("backing-off");
        assertThat(cache.cache().snapshot().dirtyBytes()).isEqualTo(SECTOR);
      }
      faulty.heal();
      cache.drain();
      assertThat(cache.cache().snapshot().dirtyBytes()).isZero();
      assertDamaged(cache);
    }
  }

  @Test
  @DisplayName("hazard 10: what was set aside reads as an error also when its key is reclaimed")
  void whatWasSetAsideIsNeverReadFromTheBackingDevice() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(6, CrashGrain.CACHE_LINE, true);
      SteppedCache cache = caches.open(media);
      leaveDamagedDirtyData(cache, media);
      cache.cache().setGcPercent(0);
      cache.drain();
      cache.rest();
      assertThat(cache.cache().isCached(0)).isFalse();
      assertDamaged(cache);
      // The first read must not have put anything older into the cache.
      assertDamaged(cache);
    }
  }

  @Test
  @DisplayName("hazard 10: writing a range that was set aside anew repairs it")
  void writingAnewRepairsWhatWasSetAside() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(6, CrashGrain.CACHE_LINE, true);
      SteppedCache cache = caches.open(media);
      leaveDamagedDirtyData(cache, media);
      cache.write(0, 2 * SECTOR, 3);
      assertThat(cache.read(0)).isEqualTo(3);
      cache.drain();
      assertThat(cache.cache().snapshot().faults()).noneMatch(f -> f.contains("bad extents"));
      assertThat(SectorContent.idAt(caches.store.bytes(), 0, 0)).isEqualTo(3);
    }
  }

  /** Two sectors at 0 whose data is damaged between their flush and their write-back. */
  private static void leaveDamagedDirtyData(SteppedCache cache, Media media) {
    SteppedRequest write = SteppedCache.writeRequest(0, 2 * SECTOR, 1);
    cache.submit(write);
    flip(media, dataOf(media, 2) + 700);
    cache.flush();
    cache.rest();
  }

  private static void assertDamaged(SteppedCache cache) {
    assertThat(cache.cache().snapshot().faults())
        .anyMatch(f -> f.contains("bad extents") && f.contains("1024 bytes at byte 0"));
    assertThatThrownBy(() -> cache.read(0)).isInstanceOf(CorruptMediaException.class);
  }

  @Test
  @DisplayName("hazard 20: damaged clean data is read from the backing device instead")
  void damagedCleanDataIsReadFromTheBackingDevice() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(6, CrashGrain.CACHE_LINE, true);
      SteppedCache cache = caches.open(media);
      cache.write(0, 2 * SECTOR, 1);
      cache.drain();
      flip(media, dataOf(media, 2) + 700);
      assertThat(cache.read(0)).isEqualTo(1);
      assertThat(cache.cache().snapshot().faults())
          .anyMatch(fault -> fault.contains("clean data was damaged"));
    }
  }
}
