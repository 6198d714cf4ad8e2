package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.block.RequestSource;
import io.pcache.format.LogAddress;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache without room: nothing is lost, nothing overtakes, nothing stands still. */
class FullCacheTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int FILLER = 4 << 20;

  private static SteppedRequest zeroes(long offset, long length, List<Integer> done, int number) {
    SteppedRequest request = new SteppedRequest(ended -> done.add(number));
    request.prepareWriteZeroes(offset, length);
    return request;
  }

  /** Submits writes until one has to wait; nobody makes room meanwhile. */
  private static void fill(SteppedCache cache) {
    for (int i = 0; cache.cache().snapshot().waitingRequests() == 0; i++) {
      cache.submit(zeroes(8 << 20, FILLER, new ArrayList<>(), i));
    }
  }

  @ParameterizedTest
  @CsvSource({"3, CACHE_LINE", "3, SECTOR", "4, SECTOR", "8, CACHE_LINE"})
  @DisplayName(
      "hazards 15, 25: keys that wait in memory find their place in the log, however full it is")
  void stagedKeysFindTheirPlaceInAFullCache(int segments, CrashGrain grain) {
    try (SteppedCaches caches = new SteppedCaches()) {
      CrashMedia media = CrashMedia.blank(SteppedCache.mediaBytes(segments), grain, new Random(1));
      SteppedCache.format(media, false, 64);
      SteppedCache cache = caches.open(media);
      List<SteppedRequest> writes = new ArrayList<>();
      for (int i = 0; i < 5000; i++) {
        SteppedRequest write = SteppedCache.writeRequest((long) i * SECTOR, SECTOR, i + 1);
        writes.add(write);
        cache.submit(write);
        if (i % 50 == 0) {
          cache.submit(zeroes(8 << 20, FILLER, new ArrayList<>(), i));
        }
      }
      cache.flush();
      cache.await(writes.getLast());
      assertThat(writes)
          .allMatch(SteppedRequest::isDone)
          .allMatch(write -> write.failure() == null);
      cache.flush();
      SteppedCache after = caches.open(media.crash());
      assertThat(IntStream.range(0, 5000).map(i -> after.read((long) i * SECTOR)))
          .containsExactlyElementsOf(IntStream.rangeClosed(1, 5000).boxed().toList());
      media.discard();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 22: while a write waits, reads return what was acknowledged before it")
  void aWaitingWriteLeavesWhatItReplacesReadable(CrashGrain grain) {
    try (SteppedCaches caches = new SteppedCaches()) {
      CrashMedia media = caches.format(4, grain, false);
      SteppedCache cache = caches.open(media);
      cache.write(0, SECTOR, 32);
      cache.flush();
      fill(cache);
      SteppedRequest waiting = SteppedCache.writeRequest(0, SECTOR, 33);
      cache.submit(waiting);
      assertThat(waiting.isDone()).isFalse();
      // Only the backing device is stepped, so the write goes on waiting.
      MemorySegment sector = MemorySegment.ofArray(new long[64]);
      SteppedRequest read = new SteppedRequest();
      read.prepareRead(0, sector);
      cache.submit(read);
      while (!read.isDone()) {
        assertThat(cache.step("backing-submit") + cache.step("backing-completion")).isPositive();
      }
      assertThat(waiting.isDone()).isFalse();
      assertThat(SectorContent.idAt(sector, 0, 0)).isEqualTo(32);
      cache.await(waiting);
      assertThat(cache.read(0)).isEqualTo(33);
      cache.flush();
      assertThat(caches.open(media.crash()).read(0)).isEqualTo(33);
    }
  }

  @Test
  @DisplayName("hazard 22: a crash while a write waits brings back what was acknowledged before it")
  void aCrashWhileAWriteWaitsLosesNothing() {
    try (SteppedCaches caches = new SteppedCaches()) {
      CrashMedia media = caches.format(4, CrashGrain.SECTOR, false);
      SteppedCache cache = caches.open(media);
      cache.write(0, SECTOR, 32);
      cache.flush();
      fill(cache);
      cache.submit(SteppedCache.writeRequest(0, SECTOR, 33));
      assertThat(caches.open(media.crash()).read(0)).isEqualTo(32);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName(
      "hazard 25: a client's overlapping writes that wait are carried out in the order in which they came")
  void waitingWritesGoInOrder(CrashGrain grain) {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(4, grain, false);
      SteppedCache cache = caches.open(media);
      fill(cache);
      List<Integer> done = new ArrayList<>();
      RequestSource client = new RequestSource(cache.cache()::sourceClosed);
      for (int i = 0; i < 200; i++) {
        int number = i;
        SteppedRequest request = new SteppedRequest(client, ended -> done.add(number));
        request.prepareWriteZeroes(0, (1 + (i * 37) % 11) * (256L << 10));
        cache.submit(request);
      }
      assertThat(done).isEmpty();
      cache.flush();
      cache.drain();
      assertThat(done).containsExactlyElementsOf(IntStream.range(0, 200).boxed().toList());
    }
  }

  @Test
  @DisplayName("hazard 25: writers are slowed down before the cache is full")
  void writersAreSlowedDownBeforeTheCacheIsFull() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(32, CrashGrain.CACHE_LINE, false);
      SteppedCache cache = caches.open(media);
      fill(cache);
      assertThat(cache.cache().snapshot().segmentsInUse()).isBetween(28, 30);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 8, 20})
  @DisplayName("large writes, whose keys fill no key set, go on in a full cache at once")
  void largeWritesGoOnWithoutTimePassing(int segments) {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = caches.open(caches.format(segments, CrashGrain.CACHE_LINE, false));
      List<Integer> done = new ArrayList<>();
      for (int i = 0; i < 40 * segments; i++) {
        cache.submit(zeroes((i % 20) * (1L << 20), 1 << 20, done, i));
        cache.rest();
        // The last to work may have asked another for more.
        cache.rest();
        assertThat(done).hasSize(i + 1);
      }
    }
  }

  @Test
  @DisplayName("hazard 25: a write that waits goes on when a few key sets are written back")
  void aWaitingWriteGoesOnAfterAFewKeySets() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SimulatedStore store = new SimulatedStore(192 << 20, new Random(1));
      SteppedCache cache = caches.open(caches.format(16, CrashGrain.CACHE_LINE, false), store);
      int waits = 0;
      for (int i = 0; i < 500; i++) {
        List<Integer> done = new ArrayList<>();
        cache.submit(zeroes((i % 192) * (1L << 20), 1 << 20, done, i));
        waits += done.isEmpty() ? 1 : 0;
        assertThat(keySetsWrittenBackUntil(done, cache)).isLessThan(5);
        cache.submit(SteppedCache.flushRequest());
      }
      assertThat(waits).isPositive();
    }
  }

  private static int keySetsWrittenBackUntil(List<Integer> done, SteppedCache cache) {
    LogAddress dirtyTail = cache.cache().snapshot().dirtyTail();
    int keySets = 0;
    while (done.isEmpty()) {
      List.of("write-back", "backing-submit", "backing-completion", "reclaimer", "write-queue")
          .forEach(cache::step);
      LogAddress now = cache.cache().snapshot().dirtyTail();
      keySets += now.equals(dirtyTail) ? 0 : 1;
      dirtyTail = now;
    }
    return keySets;
  }

  @Test
  @DisplayName("large writes, whose keys fill no key set, are written back segment by segment")
  void largeWritesAreWrittenBackBeforeTheCacheIsFull() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = caches.open(caches.format(40, CrashGrain.CACHE_LINE, false));
      for (int i = 0; i < 1000; i++) {
        cache.submit(zeroes((i % 20) * (1L << 20), 1 << 20, new ArrayList<>(), i));
        cache.rest();
        assertThat(cache.cache().snapshot().dirtyBytes()).isLessThan(20 << 20);
      }
    }
  }

  @Test
  @DisplayName("hazard 24: what is reclaimed leaves nothing behind in memory")
  void reclaimingLeavesNothingInTheIndex() {
    try (SteppedCaches caches = new SteppedCaches()) {
      Media media = caches.format(6, CrashGrain.CACHE_LINE, true);
      SteppedCache cache = caches.open(media);
      for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 500; i++) {
          cache.write((long) ((i * 7919 + round * 104_729) % 60_000) * SECTOR, SECTOR, i + 1);
        }
        cache.writeZeroes(0, FILLER);
        // Every extent belongs to a key in the log, and one key is cut into few of them.
        assertThat(cache.cache().snapshot().cachedExtents()).isLessThan(4 * 60_000);
      }
      cache.cache().setGcPercent(0);
      cache.drain();
      cache.rest();
      assertThat(cache.cache().snapshot().cachedExtents()).isZero();
      assertThat(cache.cache().snapshot().segmentsInUse()).isLessThanOrEqualTo(3);
    }
  }
}
