package io.pcache.testkit;

import java.util.Random;

/**
 * Where a random test's choices come from. A test method of a class with
 * {@code @ExtendWith(Seeds.class)} takes it as a parameter.
 *
 * @param value what {@code -Dpcache.seed} takes
 */
public record Seed(long value) {
  /** The test's main source of randomness; every call starts anew. */
  public Random random() {
    return new Random(value);
  }

  /**
   * An independent source, for a thread or a part of its own.
   *
   * @param index which one
   */
  public Random random(int index) {
    return new Random(value * 0x9E37_79B9_7F4A_7C15L + (index + 1) * 0xD1B5_4A32_D192_ED03L);
  }
}
