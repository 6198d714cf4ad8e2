package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.format.LogAddress;
import io.pcache.format.SegmentChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Key sets that become unreadable while the cache is open. */
@ExtendWith(Seeds.class)
class DamagedKeySetsTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int SECTORS = 16384;
  private static final int WRITES = 60;

  /** A cache with requests that complete without a step of its agents, and where its log went. */
  private static final class Scene {
    final CrashMedia media;
    final SteppedCache cache;
    final int[] newest = new int[SECTORS];
    final List<LogAddress> heads = new ArrayList<>();
    private int lastId;

    Scene(SteppedCaches caches, boolean dataCrc, int roomBytes) {
      media = caches.format(8, CrashGrain.CACHE_LINE, dataCrc);
      SteppedCache.format(media, dataCrc, roomBytes);
      cache = caches.open(media);
      // So that the log has its next segment, and writes need not wait for that.
      cache.rest();
      heads.add(head());
    }

    LogAddress head() {
      return cache.cache().snapshot().keyHead();
    }

    void write(int sector, int sectors) {
      lastId++;
      submit(SteppedCache.writeRequest((long) sector * SECTOR, sectors * SECTOR, lastId));
      for (int i = 0; i < sectors; i++) {
        newest[sector + i] = lastId;
      }
    }

    void commit() {
      submit(SteppedCache.flushRequest());
      heads.add(head());
    }

    private void submit(SteppedRequest request) {
      cache.submit((BlockRequest) request);
      assertThat(request.isDone()).isTrue();
    }

    /** Changes one byte of the key set that begins at a position. */
    void damage(LogAddress position, int byteInKeySet) {
      SegmentChain chain = SteppedCaches.chain(media);
      long at = chain.dataOffset(position.cacheSegId()) + position.segOffsetBytes() + byteInKeySet;
      MemorySegment one = MemorySegment.ofArray(new byte[1]);
      one.set(ValueLayout.JAVA_BYTE, 0, (byte) ~media.view().get(ValueLayout.JAVA_BYTE, at));
      media.write(at, one, 0, 1);
    }

    void assertAllIsThere(SteppedCaches caches, SteppedCache open) {
      for (int sector = 0; sector < SECTORS; sector++) {
        assertThat(SectorContent.idAt(caches.store.bytes(), (long) sector * SECTOR, sector))
            .as("sector %d of the backing device", sector)
            .isEqualTo(newest[sector]);
      }
      for (int sector = 0; sector < SECTORS; sector += 61) {
        assertThat(open.read((long) sector * SECTOR)).isEqualTo(newest[sector]);
      }
    }
  }

  @Test
  @DisplayName(
      "hazard 10: what an unreadable key set held is found in memory, and the rest goes on")
  void whatAnUnreadableKeySetHeldIsWrittenBackFromMemory() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Scene scene = new Scene(caches, false, 1 << 20);
      scene.write(0, 8);
      scene.commit();
      scene.write(4, 8);
      scene.commit();
      scene.damage(scene.heads.get(0), 30);

      assertThat(scene.cache.step("write-back")).isPositive();
      scene.cache.drain();

      scene.assertAllIsThere(caches, scene.cache);
      assertThat(scene.cache.cache().snapshot().faults()).isEmpty();
      assertThat(scene.cache.cache().snapshot().dirtyBytes()).isZero();
      scene.assertAllIsThere(caches, caches.open(scene.media));
    }
  }

  @Test
  @DisplayName("hazard 10: between write-back and key_tail, an unreadable key set shows in status")
  void anUnreadableKeySetShowsUntilKeyTailHasPassedIt() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Scene scene = new Scene(caches, false, 1 << 20);
      scene.write(0, 8);
      scene.commit();
      scene.damage(scene.heads.getFirst(), 30);
      while (!scene.cache.cache().isClean()) {
        var _ = scene.cache.step("write-back");
        var _ = scene.cache.step("backing-submit");
        var _ = scene.cache.step("backing-completion");
      }
      assertThat(scene.cache.cache().snapshot().faults())
          .singleElement()
          .asString()
          .contains("not readable any more", "4096 bytes", scene.heads.getFirst().toString());

      scene.cache.rest();
      assertThat(scene.cache.cache().snapshot().faults()).isEmpty();
      assertThat(scene.cache.cache().snapshot().keyTail()).isEqualTo(scene.head());
    }
  }

  @Test
  @DisplayName("hazard 10: damaged data of an unreadable key set is set aside, the rest is saved")
  void damagedDataOfAnUnreadableKeySetIsSetAside() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Scene scene = new Scene(caches, true, 1 << 20);
      scene.write(0, 2);
      scene.write(100, 2);
      scene.commit();
      scene.damage(scene.heads.getFirst(), 30);
      scene.damage(new LogAddress(2, 0), 700);
      scene.cache.drain();

      assertThat(scene.cache.cache().snapshot().faults())
          .singleElement()
          .asString()
          .contains("bad extents", "1024 bytes at byte 0");
      assertThat(SectorContent.idAt(caches.store.bytes(), 100 * SECTOR, 100)).isEqualTo(2);
      assertThat(SectorContent.idAt(caches.store.bytes(), 0, 0)).isZero();
    }
  }

  @RepeatedTest(25)
  @DisplayName("hazard 10: wherever the log is damaged, all of it reaches the backing device")
  void whereverTheLogIsDamagedNothingIsLost(Seed seed) {
    RandomGenerator random = seed.random();
    try (SteppedCaches caches = new SteppedCaches()) {
      Scene scene = new Scene(caches, random.nextBoolean(), 200 + 8 * random.nextInt(2000));
      int drainAt = random.nextInt(2 * WRITES);
      for (int i = 0; i < WRITES; i++) {
        int sectors = 1 + random.nextInt(64);
        scene.write(random.nextInt(SECTORS - sectors), sectors);
        if (random.nextInt(3) == 0) {
          scene.commit();
        }
        if (i == drainAt) {
          scene.cache.drain();
          scene.heads.add(scene.head());
        }
      }
      scene.commit();
      damageSome(scene, random);

      scene.cache.drain();
      scene.cache.cache().setGcPercent(0);
      scene.cache.rest();

      scene.assertAllIsThere(caches, scene.cache);
      assertThat(scene.cache.cache().snapshot().faults()).isEmpty();
      assertThat(scene.cache.cache().snapshot().dirtyBytes()).isZero();
      assertStillTakesWrites(scene.cache);
      scene.assertAllIsThere(caches, caches.open(scene.media));
    }
  }

  private static void damageSome(Scene scene, RandomGenerator random) {
    List<LogAddress> begins = scene.heads.subList(0, scene.heads.size() - 1);
    for (int i = random.nextInt(4); i >= 0; i--) {
      LogAddress position = begins.get(random.nextInt(begins.size()));
      if (!position.equals(scene.head())) {
        scene.damage(position, random.nextInt(24));
      }
    }
  }

  /** Far more than the cache holds, although some segments keep references nobody drops. */
  private static void assertStillTakesWrites(SteppedCache cache) {
    for (int i = 0; i < 40; i++) {
      cache.writeZeroes((8L << 20) + (i % 2) * (12L << 20), 12 << 20);
    }
    cache.flush();
  }
}
