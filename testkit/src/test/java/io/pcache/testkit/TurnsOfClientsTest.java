package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.block.RequestSource;
import io.pcache.error.ClosedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that write more than the cache has room for, step by step. */
class TurnsOfClientsTest {
  private static final List<String> AGENTS =
      List.of(
          "log-committer",
          "write-back",
          "backing-submit",
          "backing-completion",
          "reclaimer",
          "write-queue");

  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final long MIB = 1 << 20;
  private static final long GIANT_BYTES = 160 * MIB;
  private static final int STORE_BYTES = 192 << 20;
  private static final long SMALL_OFFSET = 176 * MIB;

  private static SteppedCache openInFrontOfALargeDevice(SteppedCaches caches) {
    SimulatedStore store = new SimulatedStore(STORE_BYTES, new Random(1));
    return caches.open(caches.format(6, CrashGrain.CACHE_LINE, false), store);
  }

  private static SteppedRequest zeroes(RequestSource client, long offset, long length) {
    SteppedRequest request = new SteppedRequest(client, ended -> {});
    request.prepareWriteZeroes(offset, length);
    return request;
  }

  private static SteppedRequest write(RequestSource client, long offset, int id) {
    return SteppedCache.prepareWrite(new SteppedRequest(client, ended -> {}), offset, SECTOR, id);
  }

  /** Lets the agents take no more steps than the request needs, as others may be waiting, too. */
  private static void step(SteppedCache cache, SteppedRequest request) {
    for (int round = 0; !request.isDone(); round++) {
      assertThat(round).as("rounds").isLessThan(10_000);
      if (AGENTS.stream().mapToInt(cache::step).sum() == 0) {
        cache.clock().advance(TimeUnit.SECONDS.toNanos(1));
      }
    }
  }

  private static SteppedRequest submitted(SteppedCache cache, SteppedRequest request) {
    cache.submit(request);
    return request;
  }

  @Test
  @DisplayName("hazard 31: small writes of others go on while a giant one waits for space")
  void smallWritesOfOthersGoOnWhileAGiantOneWaits() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = openInFrontOfALargeDevice(caches);
      SteppedRequest giant =
          submitted(cache, zeroes(new RequestSource(cache.cache()::sourceClosed), 0, GIANT_BYTES));
      RequestSource small = new RequestSource(cache.cache()::sourceClosed);
      AtomicInteger written = new AtomicInteger();
      writeOneAfterTheOther(cache, small, giant, written);
      step(cache, giant);
      int count = written.get();
      // Most of the giant has to wait, and goes on a MiB at a time.
      assertThat(count).isGreaterThan(40);
      for (int i = 0; i < count; i++) {
        assertThat(cache.read(SMALL_OFFSET + (long) i * SECTOR)).isEqualTo(i + 1);
      }
    }
  }

  /** A client that writes whenever its write before is complete, until the giant one is. */
  private static void writeOneAfterTheOther(
      SteppedCache cache, RequestSource client, SteppedRequest giant, AtomicInteger written) {
    if (!giant.isDone()) {
      int number = written.getAndIncrement();
      SteppedRequest next =
          new SteppedRequest(client, ended -> writeOneAfterTheOther(cache, client, giant, written));
      long offset = SMALL_OFFSET + (long) number * SECTOR;
      cache.submit(SteppedCache.prepareWrite(next, offset, SECTOR, number + 1));
    }
  }

  @Test
  @DisplayName("hazard 31: a giant write comes to its end however many small ones there are")
  void aGiantWriteIsNotStarvedBySmallOnes() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = openInFrontOfALargeDevice(caches);
      List<SteppedRequest> small = new ArrayList<>();
      SteppedRequest giant =
          submitted(cache, zeroes(new RequestSource(cache.cache()::sourceClosed), 0, GIANT_BYTES));
      List<RequestSource> clients = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        clients.add(new RequestSource(cache.cache()::sourceClosed));
        small.add(submitted(cache, write(clients.get(i), SMALL_OFFSET + (long) i * SECTOR, i + 1)));
      }
      int rounds = 0;
      while (!giant.isDone()) {
        assertThat(rounds++).isLessThan(10_000);
        if (AGENTS.stream().mapToInt(cache::step).sum() == 0) {
          cache.clock().advance(TimeUnit.SECONDS.toNanos(1));
        }
        for (int i = 0; i < 8; i++) {
          if (small.get(i).isDone()) {
            small.set(
                i,
                submitted(cache, write(clients.get(i), SMALL_OFFSET + (long) i * SECTOR, i + 1)));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 31: a write stays behind an earlier one of its client that it overlaps")
  void aWriteStaysBehindAnEarlierOneThatItOverlaps(CrashGrain grain) {
    try (SteppedCaches caches = new SteppedCaches()) {
      SimulatedStore store = new SimulatedStore(STORE_BYTES, new Random(1));
      CrashMedia media = caches.format(6, grain, false);
      SteppedCache cache = caches.open(media, store);
      RequestSource client = new RequestSource(cache.cache()::sourceClosed);
      SteppedRequest giant = submitted(cache, zeroes(client, 0, GIANT_BYTES));
      SteppedRequest over = submitted(cache, write(client, GIANT_BYTES - SECTOR, 7));
      SteppedRequest again = submitted(cache, write(client, GIANT_BYTES - SECTOR, 8));
      SteppedRequest beside = submitted(cache, write(client, SMALL_OFFSET, 9));
      step(cache, beside);
      assertThat(giant.isDone()).isFalse();
      step(cache, over);
      assertThat(giant.isDone()).isTrue();
      step(cache, again);
      cache.flush();
      assertThat(cache.read(GIANT_BYTES - SECTOR)).isEqualTo(8);
      assertThat(caches.open(media.crash(), store).read(GIANT_BYTES - SECTOR)).isEqualTo(8);
    }
  }

  @Test
  @DisplayName("hazard 31: what a client that is gone had waiting is dropped")
  void whatAClosedSourceHadWaitingIsDropped() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = openInFrontOfALargeDevice(caches);
      cache.write(SMALL_OFFSET, SECTOR, 5);
      RequestSource gone = new RequestSource(cache.cache()::sourceClosed);
      SteppedRequest giant = submitted(cache, zeroes(gone, 0, GIANT_BYTES));
      SteppedRequest behind = submitted(cache, write(gone, SMALL_OFFSET, 6));
      assertThat(cache.cache().snapshot().waitingRequests()).isEqualTo(2);
      gone.close();
      assertThat(cache.step("write-queue")).isPositive();
      assertThat(cache.cache().snapshot().waitingRequests()).isZero();
      assertThat(List.of(giant, behind))
          .allMatch(SteppedRequest::isDone)
          .allMatch(request -> request.failure() instanceof ClosedException);
      SteppedRequest late = submitted(cache, write(gone, SMALL_OFFSET, 6));
      assertThat(late.failure()).isInstanceOf(ClosedException.class);
      assertThat(cache.read(SMALL_OFFSET)).isEqualTo(5);
    }
  }

  @Test
  @DisplayName("hazard 31: a prefetch of a client that is gone stops")
  void aPrefetchOfAClosedSourceStops() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = caches.open(caches.format(6, CrashGrain.CACHE_LINE, false));
      RequestSource gone = new RequestSource(cache.cache()::sourceClosed);
      SteppedRequest prefetch = new SteppedRequest(gone, ended -> {});
      prefetch.preparePrefetch(0, SteppedCaches.STORE_BYTES);
      cache.submit(prefetch);
      gone.close();
      cache.await(prefetch);
      assertThat(prefetch.failure()).isInstanceOf(ClosedException.class);
      assertThat(cache.cache().isCached(SteppedCaches.STORE_BYTES - SECTOR)).isFalse();
    }
  }

  @Test
  void writesWithoutAClientTakeTurnsEachByItself() {
    try (SteppedCaches caches = new SteppedCaches()) {
      SteppedCache cache = openInFrontOfALargeDevice(caches);
      SteppedRequest giant = new SteppedRequest();
      giant.prepareWriteZeroes(0, GIANT_BYTES);
      cache.submit(giant);
      for (int i = 0; i < 5; i++) {
        SteppedRequest small = SteppedCache.writeRequest(SMALL_OFFSET, SECTOR, i + 1);
        step(cache, submitted(cache, small));
      }
      assertThat(giant.isDone()).isFalse();
    }
  }
}
