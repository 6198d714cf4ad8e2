package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.cache.Cache;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogFollower;
import io.pcache.log.LogPosition;
import io.pcache.media.Media;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Others than write-back follow the log, each at its own pace. */
class LogFollowersTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int KEY_SETS = 10;

  /** Goes one key set on when it is told to. */
  private static final class SlowFollower implements LogFollower {
    private final KeySetReader reader;
    private volatile LogPosition tail;

    SlowFollower(KeySetReader reader, LogPosition tail) {
      this.reader = reader;
      this.tail = tail;
    }

    void passKeySet() {
      tail = reader.after(tail, reader.read(tail.address()));
    }

    @Override
    public LogPosition durableTail() {
      return tail;
    }
  }

  @Test
  @DisplayName("key_tail does not pass what a follower that lags behind write-back still needs")
  void keyTailWaitsForTheLastFollower() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, CrashGrain.CACHE_LINE, false);
      SteppedCache cache = caches.open(media);
      KeySetReader reader =
          new KeySetReader(media, SteppedCaches.chain(media), cache.cache().sizeBytes());
      SlowFollower follower = new SlowFollower(reader, cache.cache().keyTail());
      cache.cache().addFollower(follower);
      for (int i = 0; i < KEY_SETS; i++) {
        cache.write((long) i * SECTOR, SECTOR, i + 1);
        cache.flush();
      }
      cache.drain();
      cache.cache().setGcPercent(0);
      for (int i = 0; i < KEY_SETS; i++) {
        cache.rest();
        assertThat(cache.cache().keyTail()).isEqualTo(follower.durableTail());
        follower.passKeySet();
      }
      cache.rest();
      assertThat(cache.cache().snapshot().keyTail()).isEqualTo(cache.cache().snapshot().keyHead());
    }
  }

  @Test
  void aFollowerThatNeedsWhatIsReclaimedIsRefused() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = caches.open(caches.format(4, CrashGrain.CACHE_LINE, false));
      LogPosition early = cache.cache().keyTail();
      reclaimAll(cache);
      assertThatThrownBy(() -> cache.cache().addFollower(() -> early))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(early.toString())
          .hasMessageContaining(cache.cache().keyTail().toString());
    }
  }

  @Test
  void aFollowerOfAStartedCacheIsRefused() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Cache cache = caches.open(caches.format(4, CrashGrain.CACHE_LINE, false)).cache();
      cache.start();
      LogPosition tail = cache.keyTail();
      assertThatThrownBy(() -> cache.addFollower(() -> tail))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("before the cache is started");
      cache.kill();
    }
  }

  /** It breaks its contract, and must not take data with it. */
  @Test
  void aFollowerThatGoesBackBehindKeyTailCostsNothing() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, CrashGrain.CACHE_LINE, false);
      SteppedCache cache = caches.open(media);
      KeySetReader reader =
          new KeySetReader(media, SteppedCaches.chain(media), cache.cache().sizeBytes());
      LogPosition early = cache.cache().keyTail();
      SlowFollower follower = new SlowFollower(reader, early);
      cache.cache().addFollower(follower);
      cache.write(0, SECTOR, 1);
      cache.flush();
      cache.drain();
      follower.passKeySet();
      cache.cache().setGcPercent(0);
      cache.rest();
      LogPosition keyTail = cache.cache().keyTail();
      follower.tail = early;
      cache.write(0, SECTOR, 2);
      cache.flush();
      var _ = cache.step("reclaimer");
      assertThat(cache.cache().keyTail()).isEqualTo(keyTail);
      assertThat(cache.read(0)).isEqualTo(2);
    }
  }

  private static void reclaimAll(SteppedCache cache) {
    cache.write(0, SECTOR, 1);
    cache.flush();
    cache.drain();
    cache.cache().setGcPercent(0);
    cache.rest();
  }
}
