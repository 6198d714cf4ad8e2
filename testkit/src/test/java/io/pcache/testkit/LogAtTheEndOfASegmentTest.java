package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.TailPosition;
import io.pcache.log.LogEnd;
import java.util.Collections;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A log whose positions come close to the end of a segment, at every offset: where a header fits it
 * goes on, also under crash, and anywhere else it is refused.
 */
@ExtendWith({Seeds.class, QuietHealth.class})
class LogAtTheEndOfASegmentTest {
  private static final int SEGMENTS = 3;
  private static final int AREA = MediaLayout.DATA_AREA_BYTES;
  private static final int HEADER = 24;
  private static final int ONE_KEY = 64;
  private static final int MAX_ROOM = ONE_KEY + HEADER + ONE_KEY + HEADER;
  private static final int OUTCOMES = 4;

  /** More than a write with a flush that changes segments takes. */
  private static final int STEPS = 14;

  private static CrashMedia formattedAt(LogAddress tails, CrashGrain grain, Seed seed, int salt) {
    CrashMedia media =
        CrashMedia.blank(SteppedCache.mediaBytes(SEGMENTS), grain, seed.random(salt));
    SteppedCache.format(media, false, AREA);
    TailPosition.dirtyTail(media, SEGMENTS).storeDurably(tails);
    TailPosition.keyTail(media, SEGMENTS).storeDurably(tails);
    return media;
  }

  private static SteppedCache open(CrashMedia media, SimulatedStore store, LogEnd.Writer writer) {
    ManualClock clock = new ManualClock();
    return SteppedCache.open(media, store, clock, SteppedCache.tuning(clock, 1, 1), writer);
  }

  private static SimulatedStore store(Seed seed) {
    return new SimulatedStore(1 << 20, seed.random(1));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 29: tails where no header fits are refused, and nothing is changed")
  void tailsWithoutRoomForAHeaderAreRefused(LogEnd.Writer writer, Seed seed) {
    for (int room = -HEADER; room < HEADER; room += Long.BYTES) {
      LogAddress tails = new LogAddress(0, AREA - room);
      CrashMedia media = formattedAt(tails, CrashGrain.SECTOR, seed, room);
      long steps = media.steps();
      assertThatThrownBy(() -> open(media, store(seed), writer))
          .as("room for %d bytes", room)
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("position " + tails + " found")
          .hasMessageContaining("at most 16764904 expected");
      assertThat(media.steps()).isEqualTo(steps);
      media.discard();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 29: wherever a header fits, what is flushed outlives a kill")
  void whereverAHeaderFitsTheLogGoesOn(CrashGrain grain, Seed seed) {
    for (int room = HEADER; room <= MAX_ROOM; room += Long.BYTES) {
      CrashMedia media = formattedAt(new LogAddress(0, AREA - room), grain, seed, room);
      SimulatedStore store = store(seed);
      for (int id = 1; id <= 3; id++) {
        SteppedCache cache = open(media, store, LogEnd.Writer.PCACHE);
        cache.write(0, 512, id);
        cache.flush();
        media = media.kill();
        assertThat(open(media, store, LogEnd.Writer.UNKNOWN).read(0))
            .as("room for %d bytes", room)
            .isEqualTo(id);
        media = media.kill();
      }
      media.discard();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName(
      "hazard 29: wherever a header fits, what is flushed outlives a power cut at any step")
  void whereverAHeaderFitsAPowerCutLosesNothing(CrashGrain grain, Seed seed) {
    for (int room = HEADER; room <= MAX_ROOM; room += Long.BYTES) {
      for (int step = 1; step <= STEPS; step++) {
        for (int outcome = 0; outcome < OUTCOMES; outcome++) {
          cutPowerAt(step, room, grain, seed, outcome);
        }
      }
    }
  }

  private static void cutPowerAt(int step, int room, CrashGrain grain, Seed seed, int outcome) {
    CrashMedia media = formattedAt(new LogAddress(0, AREA - room), grain, seed, outcome);
    SimulatedStore store = store(seed);
    SteppedCache cache = open(media, store, LogEnd.Writer.PCACHE);
    cache.write(0, 512, 1);
    cache.flush();
    media.cutPowerAt(media.steps() + step);
    int flushed = 1;
    try {
      for (int id = 2; id <= 3; id++) {
        cache.write(0, 512, id);
        cache.flush();
        flushed = id;
      }
    } catch (PowerCut cut) {
      // As asked for; where the step lies behind the last flush, the power stays on.
    }
    CrashMedia after = media.crash();
    assertThat(open(after, store, LogEnd.Writer.PCACHE).read(0))
        .as("room for %d bytes, power cut at step %d, outcome %d", room, step, outcome)
        .isBetween(flushed, flushed + 1);
    after.discard();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 29: a key set behind which no header fits is damage")
  void aKeySetWithoutRoomBehindItIsRefused(LogEnd.Writer writer, Seed seed) {
    for (int room = 0; room < 2 * HEADER; room += Long.BYTES) {
      LogAddress at = new LogAddress(0, AREA - room - KeySetRecord.sizeBytes(1));
      CrashMedia media = formattedAt(at, CrashGrain.SECTOR, seed, room);
      LogAddress end =
          new HandmadeLog(media).keySet(at, Collections.nCopies(1, new LogKey(0, 512, 0, 1, 0, 0)));
      LogImage image = new LogImage(media.view());
      assertThat(image.read(at)).isEqualTo(room >= HEADER);
      if (room >= HEADER) {
        assertThat(open(media, store(seed), writer).cache().snapshot().keyHead()).isEqualTo(end);
      } else {
        assertThatThrownBy(() -> open(media, store(seed), writer))
            .isInstanceOf(CorruptMediaException.class)
            .hasMessageContaining("key set at " + at + ": ends at " + end.segOffsetBytes());
      }
      media.discard();
    }
  }
}
