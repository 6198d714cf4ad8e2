package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ends a log: a crash while its last batch was published, or damage. */
@ExtendWith({Seeds.class, QuietHealth.class})
class LogEndUnderCrashTest {
  private static final int OUTCOMES = 60;
  private static final int SEGMENTS = 4;

  /** The store that publishes a batch: after the data, its keys and the sync of both. */
  private static final int STEPS_TO_PUBLISH = 6;

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 12: a header that is torn while it is published ends the log")
  void aBatchPublishedInPartIsThereOrNot(CrashGrain grain, Seed seed) {
    BitSet seen = new BitSet();
    for (int outcome = 0; outcome < OUTCOMES; outcome++) {
      for (int room = 24; room <= 2000; room += 1976) {
        for (int step = 1; step <= STEPS_TO_PUBLISH + 4; step++) {
          seen.set(valueAfterCutAt(step, room, grain, seed, outcome));
        }
      }
    }
    assertThat(seen.stream()).containsExactly(1, 2);
  }

  /**
   * A log with {@code roomBytes} left in its segment: where it is 24, the batch begins with LAST.
   */
  private static int valueAfterCutAt(
      int step, int roomBytes, CrashGrain grain, Seed seed, int outcome) {
    CrashMedia media =
        CrashMedia.blank(SteppedCache.mediaBytes(SEGMENTS), grain, seed.random(outcome));
    SteppedCache.format(media, false, roomBytes + (roomBytes == 24 ? 64 : 0));
    SimulatedStore store = new SimulatedStore(1 << 20, seed.random(outcome));
    SteppedCache cache = open(media, store);
    cache.write(0, 512, 1);
    cache.flush();
    media.cutPowerAt(media.steps() + step);
    try {
      cache.write(0, 512, 2);
      cache.flush();
    } catch (PowerCut cut) {
      // As asked for; where the step lies behind the flush, the power stays on.
    }
    CrashMedia after = media.crash();
    int value = open(after, store).read(0);
    after.discard();
    return value;
  }

  @Test
  @DisplayName("hazard 12: a damaged key set before the end is refused, with what lies beyond it")
  void damageBeforeTheEndIsNotTakenForTheEnd() {
    try (SteppedCaches caches = new SteppedCaches()) {
      CrashMedia media = caches.format(SEGMENTS, CrashGrain.CACHE_LINE, false);
      SteppedCache cache = caches.open(media);
      long start = SteppedCaches.chain(media).dataOffset(0);
      long second = start;
      for (int i = 0; i < 3; i++) {
        second = i == 1 ? start + cache.cache().snapshot().keyHead().segOffsetBytes() : second;
        cache.submit(SteppedCache.writeRequest(i * 512L, 512, i + 1));
        SteppedRequest flush = SteppedCache.flushRequest();
        cache.submit(flush);
        assertThat(flush.isDone()).isTrue();
      }
      media.write(second + 40, MemorySegment.ofArray(new byte[] {1}), 0, 1);
      assertThatThrownBy(() -> caches.open(media))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("1 intact key sets with 1 keys lie beyond it");
      assertThatThrownBy(() -> caches.openFromUnknownWriter(media))
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("damaged at 0:64");
    }
  }

  private static SteppedCache open(CrashMedia media, SimulatedStore store) {
    ManualClock clock = new ManualClock();
    return SteppedCache.open(media, store, clock, SteppedCache.tuning(clock, 1, 1));
  }
}
