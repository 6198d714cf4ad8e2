package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.CacheRepair;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.TailPosition;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Power is lost at every step of a repair, and of the repair that completes it: in the end the
 * cache holds what an undisturbed repair leaves.
 */
@ExtendWith({Seeds.class, QuietHealth.class})
class RepairUnderCrashTest {
  private static final int SEGMENTS = 3;
  private static final int SECTORS = 6;
  private static final int OUTCOMES = 6;

  /** What is overwritten: pairs of offset and length. */
  @SuppressWarnings("ImmutableEnumChecker") // the array is never changed
  enum Loss {
    SUPERBLOCK(4096, 4096),
    CACHE_INFO(8192, 8192),
    SUPERBLOCK_AND_CACHE_INFO(4096, 12288),
    KEY_TAIL(16384, 32),
    DIRTY_TAIL(16416, 32),
    SEGMENT_INFO(MediaLayout.segmentOffset(1), 8192),
    HEAD_BUT_KEY_TAIL(4096, 12288, 16416, 32),
    HEAD_BUT_DIRTY_TAIL(4096, 12288, 16384, 32, MediaLayout.segmentOffset(1), 8192),
    KEY_SET(LOG + 3 * 64 + 30, 4),
    KEY_SET_AND_HEAD(LOG + 3 * 64 + 30, 4, 4096, 12288, 16416, 32),
    KEY_SET_BEFORE_DIRTY_TAIL(LOG + 64 + 30, 4, 4096, 4096),

    /** dirty_tail has an old copy alone, and no key set lies where it leads. */
    NEWEST_DIRTY_TAIL(16416, 32) {
      @Override
      void inflict(CrashMedia media) {
        super.inflict(media);
        TailPosition dirtyTail = TailPosition.dirtyTail(media, SEGMENTS);
        dirtyTail.storeDurably(new LogAddress(2, 4096));
      }
    };

    private final long[] ranges;

    Loss(long... ranges) {
      this.ranges = ranges;
    }

    void inflict(CrashMedia media) {
      for (int i = 0; i < ranges.length; i += 2) {
        byte[] noise = new byte[(int) ranges[i + 1]];
        Arrays.fill(noise, (byte) 0x5A);
        media.write(ranges[i], MemorySegment.ofArray(noise), 0, noise.length);
      }
      media.sync();
    }
  }

  /** Where the key sets of one key begin, each of 64 bytes. */
  private static final long LOG = MediaLayout.SEGMENTS_OFFSET + MediaLayout.SEGMENT_HEADER_BYTES;

  /** Two key sets that are written back, and four that are dirty. */
  private static CrashMedia cache(SimulatedStore store, CrashGrain grain, Seed seed) {
    CrashMedia media = CrashMedia.blank(SteppedCache.mediaBytes(SEGMENTS), grain, seed.random(0));
    SteppedCache.format(media, true, MediaLayout.DATA_AREA_BYTES);
    SteppedCache cache = open(media, store);
    for (int i = 0; i < SECTORS; i++) {
      if (i == 2) {
        cache.drain();
      }
      cache.submit(SteppedCache.writeRequest(i * 512L, 512, i + 1));
      SteppedRequest flush = SteppedCache.flushRequest();
      cache.submit(flush);
      while (!flush.isDone()) {
        assertThat(cache.step("log-committer")).isPositive();
      }
    }
    return media.kill();
  }

  private static SteppedCache open(CrashMedia media, SimulatedStore store) {
    ManualClock clock = new ManualClock();
    return SteppedCache.open(media, store, clock, SteppedCache.tuning(clock, 1, 1));
  }

  private static void repair(CrashMedia media) {
    CacheRepair repair = CacheRepair.examine("the cache", media, null);
    if (repair.isDamaged()) {
      repair.apply();
    }
  }

  private static List<Integer> contentOf(CrashMedia media, SimulatedStore store) {
    // Write-back may run meanwhile: what it changes is taken back.
    try (SimulatedStore.Fork fork = store.fork(new Random(1))) {
      SteppedCache cache = open(media, fork.store());
      List<Integer> content = new ArrayList<>();
      for (int i = 0; i < SECTORS; i++) {
        content.add(cache.read(i * 512L));
      }
      return content;
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hazard 27: a repair that is cut short at any step is completed by the next")
  void aRepairThatIsCutShortIsCompletedByTheNext(CrashGrain grain, Seed seed) {
    SimulatedStore store = new SimulatedStore(1 << 20, seed.random(1));
    CrashMedia whole = cache(store, grain, seed);
    for (Loss loss : Loss.values()) {
      CrashMedia undisturbed = whole.copy();
      loss.inflict(undisturbed);
      long before = undisturbed.steps();
      repair(undisturbed);
      long steps = undisturbed.steps() - before;
      assertThat(steps).as("%s", loss).isPositive();
      List<Integer> expected = contentOf(undisturbed, store);
      if (!loss.name().startsWith("KEY_SET")) {
        assertThat(expected).as("%s", loss).containsExactly(1, 2, 3, 4, 5, 6);
      }
      for (int step = 1; step <= steps; step++) {
        for (int outcome = 0; outcome < OUTCOMES; outcome++) {
          CrashMedia media = whole.copy();
          loss.inflict(media);
          media = cutAt(media, step);
          media = cutAt(media, 1 + (step * 7 + outcome) % (int) steps);
          repair(media);
          // Everything is durable when a repair ends.
          media = media.crash();
          assertThat(CacheRepair.examine("the cache", media, null).isDamaged()).isFalse();
          assertThat(contentOf(media, store))
              .as("%s, power lost at step %d of %d, outcome %d", loss, step, steps, outcome)
              .isEqualTo(expected);
          media.discard();
        }
      }
      undisturbed.discard();
    }
    whole.discard();
  }

  private static CrashMedia cutAt(CrashMedia media, int step) {
    media.cutPowerAt(media.steps() + step);
    try {
      repair(media);
    } catch (PowerCut cut) {
      // As asked for; where there was less to repair, the power stayed on.
    }
    return media.crash();
  }
}
