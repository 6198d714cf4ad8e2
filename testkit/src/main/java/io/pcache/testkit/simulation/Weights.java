package io.pcache.testkit.simulation;

import java.util.random.RandomGenerator;

/** How likely each {@link Action} is. Immutable. */
final class Weights {
  private static final Action[] ACTIONS = Action.values();

  private final int[] weights = new int[ACTIONS.length];
  private final int sum;

  /** One action in four is switched off, the others are up to four times as likely as usual. */
  Weights(RandomGenerator random) {
    int total = 0;
    for (int i = 0; i < weights.length; i++) {
      boolean off = random.nextInt(4) == 0;
      int least = ACTIONS[i] == Action.WRITE ? 1 : 0;
      weights[i] = off ? least : ACTIONS[i].usualWeight() * (1 + random.nextInt(4));
      total += weights[i];
    }
    sum = total;
  }

  /** An action that chance picks. */
  Action next(RandomGenerator random) {
    int left = random.nextInt(sum);
    int i = 0;
    while (left >= weights[i]) {
      left -= weights[i++];
    }
    return ACTIONS[i];
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < weights.length; i++) {
      text.append(i == 0 ? "" : ", ").append(ACTIONS[i]).append(' ').append(weights[i]);
    }
    return text.toString();
  }
}
