package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeds.class)
class CrashMediaTest {
  private static final int SIZE = 16 << 10;
  private static final int WORDS = SIZE / Long.BYTES;
  private static final int CRASHES = 300;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

  private final List<CrashMedia> opened = new ArrayList<>();

  /** What became of two words that were written once each after a sync. */
  private enum Outcome {
    BOTH_LOST,
    FIRST_KEPT,
    SECOND_KEPT,
    BOTH_KEPT
  }

  @AfterEach
  void discardAll() {
    opened.forEach(CrashMedia::discard);
  }

  private CrashMedia blank(long sizeBytes, CrashGrain grain, Random random) {
    CrashMedia media = CrashMedia.blank(sizeBytes, grain, random);
    opened.add(media);
    return media;
  }

  private static void put(Media media, long offset, long... words) {
    media.write(offset, MemorySegment.ofArray(words), 0, (long) words.length * Long.BYTES);
  }

  private static long word(Media media, long offset) {
    return media.view().get(WORD, offset);
  }

  @ParameterizedTest
  @EnumSource
  void everyWordIsOneOfThoseItHeldSinceTheLastSync(CrashGrain grain, Seed seed) {
    Random random = seed.random();
    CrashMedia media = blank(SIZE, grain, random);
    List<Set<Long>> possible = new ArrayList<>();
    for (int i = 0; i < WORDS; i++) {
      possible.add(new HashSet<>(Set.of(0L)));
    }
    for (int step = 1; step < 20_000; step++) {
      switch (random.nextInt(40)) {
        case 0 -> {
          media.sync();
          settle(media, possible);
        }
        case 1 -> {
          media = media.crash();
          for (int i = 0; i < WORDS; i++) {
            assertThat(possible.get(i))
                .as("word %d after step %d", i, step)
                .contains(word(media, 8L * i));
          }
          settle(media, possible);
        }
        default -> randomWrite(media, random, step, possible);
      }
    }
  }

  private static void randomWrite(
      Media media, Random random, long value, List<Set<Long>> possible) {
    int length = 1 + random.nextInt(300);
    int first = random.nextInt(WORDS - length + 1);
    long[] words = new long[length];
    for (int i = 0; i < length; i++) {
      words[i] = value;
      possible.get(first + i).add(value);
    }
    put(media, 8L * first, words);
    assertThat(word(media, 8L * first)).isEqualTo(value);
  }

  private static void settle(Media media, List<Set<Long>> possible) {
    for (int i = 0; i < WORDS; i++) {
      possible.set(i, new HashSet<>(Set.of(word(media, 8L * i))));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyOutcomeHappensToWordsOfOneUnitAndOfTwo(CrashGrain grain, Seed seed) {
    assertThat(outcomes(grain, seed, 8)).containsExactlyInAnyOrder(Outcome.values());
    assertThat(outcomes(grain, seed, 4096)).containsExactlyInAnyOrder(Outcome.values());
  }

  private Set<Outcome> outcomes(CrashGrain grain, Seed seed, int secondOffset) {
    Set<Outcome> seen = EnumSet.noneOf(Outcome.class);
    CrashMedia media = blank(SIZE, grain, seed.random());
    for (int i = 0; i < CRASHES; i++) {
      put(media, 0, new long[secondOffset / Long.BYTES + 1]);
      media.sync();
      long[] both = new long[secondOffset / Long.BYTES + 1];
      both[0] = 1;
      both[both.length - 1] = 1;
      put(media, 0, both);
      media = media.crash();
      seen.add(Outcome.values()[(int) (word(media, 0) + 2 * word(media, secondOffset))]);
    }
    return seen;
  }

  @Test
  void aMarkerOutlivesItsDataOnlyWhereNoSyncStandsBetween(Seed seed) {
    int violationsWithout = 0;
    int violationsWith = 0;
    for (int i = 0; i < CRASHES; i++) {
      violationsWithout += violations(seed.random(i), media -> {});
      violationsWith += violations(seed.random(i), Media::sync);
    }
    assertThat(violationsWithout).isPositive();
    assertThat(violationsWith).isZero();
  }

  private static int violations(Random random, Consumer<Media> betweenDataAndMarker) {
    CrashMedia media = CrashMedia.blank(SIZE, CrashGrain.CACHE_LINE, random);
    put(media, 0, 7);
    betweenDataAndMarker.accept(media);
    put(media, 4096, 1);
    CrashMedia after = media.crash();
    int violations = word(after, 4096) == 1 && word(after, 0) != 7 ? 1 : 0;
    after.discard();
    return violations;
  }

  @Test
  void powerIsLostDuringTheStepAskedFor(Seed seed) {
    for (int step = 1; step <= 4; step++) {
      CrashMedia media = blank(SIZE, CrashGrain.SECTOR, seed.random());
      media.cutPowerAt(step);
      assertThatThrownBy(() -> fourSteps(media))
          .isInstanceOf(PowerCut.class)
          .hasMessageEndingWith("step " + step);
      assertThat(media.steps()).isEqualTo(step);
      assertThatThrownBy(media::sync).isInstanceOf(PowerCut.class);
    }
    CrashMedia whole = blank(SIZE, CrashGrain.SECTOR, seed.random());
    whole.cutPowerAt(5);
    fourSteps(whole);
    assertThat(whole.steps()).isEqualTo(4);
  }

  private static void fourSteps(Media media) {
    put(media, 0, 1);
    media.zero(8, 8);
    media.recycle(4096, 4096);
    media.sync();
  }

  @Test
  void aSyncThatLostPowerMadeNothingSure(Seed seed) {
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < CRASHES; i++) {
      CrashMedia media = CrashMedia.blank(SIZE, CrashGrain.SECTOR, seed.random(i));
      put(media, 0, 1);
      media.cutPowerAt(2);
      assertThatThrownBy(media::sync).isInstanceOf(PowerCut.class);
      CrashMedia after = media.crash();
      seen.add(word(after, 0));
      after.discard();
    }
    assertThat(seen).containsExactlyInAnyOrder(0L, 1L);
  }

  @Test
  void aCrashedDeviceTakesNoMoreWritesAndItsSuccessorDoes(Seed seed) {
    CrashMedia media = blank(SIZE, CrashGrain.SECTOR, seed.random());
    CrashMedia after = media.crash();
    assertThatThrownBy(() -> put(media, 0, 1)).isInstanceOf(PowerCut.class);
    put(after, 0, 2);
    assertThat(word(after, 0)).isEqualTo(2);
  }

  @Test
  void aClosedDeviceTakesNothing(Seed seed) {
    CrashMedia media = blank(SIZE, CrashGrain.SECTOR, seed.random());
    media.close();
    assertThatThrownBy(() -> put(media, 0, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(media::sync).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aCopyCrashesByItself(Seed seed) {
    CrashMedia media = blank(SIZE, CrashGrain.SECTOR, seed.random());
    put(media, 512, 1);
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < CRASHES; i++) {
      CrashMedia after = media.copy().crash();
      seen.add(word(after, 512));
      after.discard();
    }
    assertThat(seen).containsExactlyInAnyOrder(0L, 1L);
    assertThat(word(media, 512)).isEqualTo(1);
  }

  @Test
  void aRecycledRangeReadsAsAnythingAndItsNeighboursAsBefore(Seed seed) {
    CrashMedia media = blank(SIZE, CrashGrain.SECTOR, seed.random());
    long[] ones = new long[WORDS];
    Arrays.fill(ones, 1);
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < CRASHES; i++) {
      put(media, 0, ones);
      media.recycle(4096, 4096);
      seen.add(word(media, 4096));
      assertThat(word(media, 4088) + word(media, 8192)).isEqualTo(2);
    }
    assertThat(seen).containsExactlyInAnyOrder(0L, 1L);
  }

  @Test
  void theViewIsForReadingOnly(Seed seed) {
    MemorySegment view = blank(SIZE, CrashGrain.SECTOR, seed.random()).view();
    assertThat(view.isReadOnly()).isTrue();
  }
}
