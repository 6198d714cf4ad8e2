package io.pcache.testkit;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One cache through many power cuts, at random steps of random histories. */
@ExtendWith({Seeds.class, QuietHealth.class})
@DisplayName("hazards 1, 7, 8, 9, 12, 13, 14, 15, 21, 22, 23: power cuts at random")
class CrashChainTest {
  private static final int CUTS = Integer.getInteger("pcache.crash.cuts", 60);
  private static final int ACTIONS = 60;

  @ParameterizedTest
  @CsvSource({
    "5, CACHE_LINE, false, 1",
    "8, CACHE_LINE, true, 8",
    "5, SECTOR, true, 1",
    "8, SECTOR, false, 8",
    "4, SECTOR, false, 1",
    "4, CACHE_LINE, true, 1"
  })
  void nothingDurableIsLostAndNothingElseAppears(
      int segments, CrashGrain grain, boolean dataCrc, int stripes, Seed seed) {
    CrashSettings settings = new CrashSettings(segments, grain, dataCrc, stripes);
    Random random = seed.random();
    try (CrashRun run = new CrashRun(settings, random, seed.random(1))) {
      while (run.powerCuts() < CUTS) {
        liveUntilThePowerFails(run, random);
        boolean recovered = false;
        while (!recovered) {
          recovered = recover(run, random);
        }
      }
    }
  }

  private static void liveUntilThePowerFails(CrashRun run, Random random) {
    run.cutPowerAfter(1 + random.nextInt(1 << random.nextInt(10)));
    try {
      while (true) {
        if (random.nextInt(4) == 0) {
          run.liveAndDrain(ACTIONS);
        } else {
          run.live(ACTIONS);
        }
      }
    } catch (PowerCut cut) {
      run.crash();
    }
  }

  /** One recovery in four loses power too. */
  private static boolean recover(CrashRun run, Random random) {
    if (random.nextInt(4) == 0) {
      run.cutPowerAfter(1 + random.nextInt(4));
    }
    try {
      var _ = run.recoverAndCheck();
      return true;
    } catch (PowerCut cut) {
      run.crash();
      return false;
    }
  }
}
