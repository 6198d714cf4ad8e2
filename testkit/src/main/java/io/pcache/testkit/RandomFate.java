package io.pcache.testkit;

import java.util.random.RandomGenerator;

/**
 * A crash at random. Each has a mood, the shares of units that keep and that lose all they had; the
 * rest stop anywhere in between.
 */
public final class RandomFate implements CrashFate {
  private final RandomGenerator random;
  private final double keepAll;
  private final double loseAll;

  /** Draws a mood. */
  public RandomFate(RandomGenerator random) {
    this.random = random;
    int mood = random.nextInt(6);
    double keep = random.nextDouble();
    double lose = (1 - keep) * random.nextDouble();
    this.keepAll = mood == 0 || mood == 2 ? 0 : mood == 1 ? 1 : keep;
    this.loseAll = mood == 0 ? 1 : mood == 1 || mood == 2 ? 0 : lose;
  }

  @Override
  public int takenBack(long unit, int writes) {
    double fate = random.nextDouble();
    if (fate < keepAll) {
      return 0;
    }
    return fate < keepAll + loseAll ? writes : random.nextInt(writes + 1);
  }

  @Override
  public boolean tears() {
    return random.nextBoolean();
  }

  @Override
  public boolean tearsOff() {
    return random.nextBoolean();
  }
}
