package io.pcache.testkit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.QuietHealth;
import io.pcache.testkit.Seed;
import io.pcache.testkit.Seeds;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A few worlds on every build; {@code bin/simulate} lives through many. */
@ExtendWith({Seeds.class, QuietHealth.class})
@DisplayName("hazards 1, 7, 8, 9, 12, 13, 14, 15, 21, 22, 23, 31, 32, 44: simulated worlds")
class SimulatorTest {
  private static final int WORLDS = 8;
  private static final int SHORT_HISTORIES = 2;
  private static final int MASK = Integer.MAX_VALUE;

  @Test
  void noPromiseIsBrokenInShortHistoriesWithEveryCrash(Seed seed) {
    Simulator simulator = new Simulator();
    long first = seed.value() & MASK;
    for (long world = first; world < first + SHORT_HISTORIES; world++) {
      expectNothingBroken("--exhaustive --seed " + world, simulator.runExhaustively(world));
    }
    assertThat(simulator.statistics().combinations()).isPositive();
  }

  @Test
  void noPromiseIsBrokenInLongHistories(Seed seed) {
    Simulator simulator = new Simulator();
    long first = seed.value() & MASK;
    for (long world = first; world < first + WORLDS; world++) {
      expectNothingBroken("--seed " + world, simulator.run(world));
    }
    assertThat(simulator.statistics().cycles()).isGreaterThan(100);
  }

  /** Samples of the backing device were taken of writes that it had not been told to keep. */
  @Test
  void theBackingDeviceIsItsOwnAlsoAfterAKillAndAPowerCut() {
    expectNothingBroken("--seed 5", new Simulator().run(5));
  }

  @Test
  void aSeedIsAWorld() {
    assertThat(cyclesOf(7)).isEqualTo(cyclesOf(7));
  }

  private static String cyclesOf(long seed) {
    Simulator simulator = new Simulator();
    expectNothingBroken("--seed " + seed, simulator.run(seed));
    Statistics done = simulator.statistics();
    return done.cycles() + " " + done.powerCuts() + " " + done.actions() + " " + done.faults();
  }

  private static void expectNothingBroken(String arguments, Optional<Simulator.Failure> failure) {
    failure.ifPresent(broken -> {
      throw new AssertionError(
          "repeat this with: bin/simulate %s%n%s%n%s"
              .formatted(arguments, broken.settings(), String.join("\n", broken.trace())),
          broken.cause());
    });
  }
}
