package io.pcache.testkit;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One short history, repeated with a power cut at every store and sync of the cache device; and
 * recovery with one at each of its own.
 */
@ExtendWith({Seeds.class, QuietHealth.class})
@DisplayName("hazards 1, 7, 8, 9, 12, 13, 14, 15, 21, 22, 23: a power cut at every step")
class CrashAtEveryStepTest {
  private static final int ACTIONS = 12;
  private static final int FATES_PER_STEP = Integer.getInteger("pcache.crash.fates", 1);

  @ParameterizedTest
  @CsvSource({"4, CACHE_LINE, true, 1", "4, SECTOR, false, 1", "5, SECTOR, true, 8"})
  void nothingDurableIsLostAndNothingElseAppears(
      int segments, CrashGrain grain, boolean dataCrc, int stripes, Seed seed) {
    CrashSettings settings = new CrashSettings(segments, grain, dataCrc, stripes);
    long steps = stepsOfWholeHistory(settings, seed);
    System.out.println("power is cut at each of " + steps + " steps");
    for (long step = 1; step <= steps; step++) {
      for (int fate = 1; fate <= FATES_PER_STEP; fate++) {
        crashAt(step, settings, seed, fate);
      }
    }
  }

  private static long stepsOfWholeHistory(CrashSettings settings, Seed seed) {
    try (CrashRun run = new CrashRun(settings, seed.random(), seed.random(0))) {
      long before = run.steps();
      run.liveAndDrain(ACTIONS);
      run.live(ACTIONS);
      return run.steps() - before;
    }
  }

  private static void crashAt(long step, CrashSettings settings, Seed seed, int fate) {
    try (CrashRun run = new CrashRun(settings, seed.random(), seed.random(fate))) {
      run.cutPowerAfter(step);
      try {
        run.liveAndDrain(ACTIONS);
        run.live(ACTIONS);
      } catch (PowerCut cut) {
        run.crash();
        recoverWithCuts(run, fate);
        run.liveAndDrain(2 * ACTIONS);
      }
    }
  }

  /** The first recoveries lose power too, each a step later. */
  private static void recoverWithCuts(CrashRun run, int cuts) {
    for (int step = 1; step <= cuts; step++) {
      run.cutPowerAfter(step);
      try {
        var _ = run.recoverAndCheck();
      } catch (PowerCut cut) {
        run.crash();
      }
    }
    run.cutPowerAfter(Integer.MAX_VALUE);
    var _ = run.recoverAndCheck();
  }
}
