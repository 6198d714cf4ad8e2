package io.pcache.bench;

/**
 * Counts times so that any percentile can be told to within three in a hundred, in memory that does
 * not grow. Not thread-safe; threads count for themselves and are added up.
 */
final class LatencyHistogram {
  /** Each power of two is cut into this many steps. */
  private static final int STEPS = 32;

  private static final int STEP_BITS = Integer.numberOfTrailingZeros(STEPS);

  private final long[] counts = new long[Long.SIZE * STEPS];
  private long count;
  private long maxNanos;

  /** Counts one time. */
  void record(long nanos) {
    counts[place(nanos)]++;
    count++;
    maxNanos = Math.max(maxNanos, nanos);
  }

  /** Counts all that another has counted. */
  void add(LatencyHistogram other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    count += other.count;
    maxNanos = Math.max(maxNanos, other.maxNanos);
  }

  /** How many times were counted. */
  long count() {
    return count;
  }

  /** The longest time, exactly; 0 where there is none. */
  long maxNanos() {
    return maxNanos;
  }

  /**
   * The time that {@code percent} in a hundred do not exceed, at most three in a hundred too high;
   * 0 where there is none.
   */
  long percentileNanos(double percent) {
    long wanted = (long) Math.ceil(count * percent / 100);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return Math.min(maxNanos, highest(i));
      }
    }
    return maxNanos;
  }

  /** Small times have a place each; above, a place is a power of two and a step in it. */
  private static int place(long nanos) {
    int power = Long.SIZE - Long.numberOfLeadingZeros(nanos | (STEPS - 1)) - STEP_BITS;
    return power * STEPS + (int) (nanos >>> Math.max(0, power - 1)) - (power > 0 ? STEPS : 0);
  }

  private static long highest(int place) {
    int power = place / STEPS;
    long step = place % STEPS;
    return power == 0 ? step : ((STEPS + step + 1) << (power - 1)) - 1;
  }
}
