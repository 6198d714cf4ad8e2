package io.pcache.testkit;

import java.util.random.RandomGenerator;

/**
 * Sizes as file systems send them: most small, few up to 8 MiB; every power of two of a class is
 * equally likely.
 */
final class RequestSizes {
  /** The longest, 8 MiB. */
  static final int MAX_SECTORS = 16_384;

  private final RandomGenerator random;

  RequestSizes(RandomGenerator random) {
    this.random = random;
  }

  /** The next size, 1 to {@link #MAX_SECTORS}. */
  int nextSectors() {
    int choice = random.nextInt(1000);
    if (choice < 700) {
      return upToPowerOfTwo(0, 3);
    } else if (choice < 970) {
      return upToPowerOfTwo(4, 7);
    } else if (choice < 997) {
      return upToPowerOfTwo(8, 11);
    }
    return upToPowerOfTwo(12, 14);
  }

  private int upToPowerOfTwo(int minExponent, int maxExponent) {
    return 1 + random.nextInt(1 << random.nextInt(minExponent, maxExponent + 1));
  }
}
