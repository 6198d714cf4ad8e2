package io.pcache.cache;

import io.pcache.agent.Clock;

/**
 * What a cache may be given by who runs it; none of it changes what it promises.
 *
 * @param clock the time
 * @param seed seed of the jitter in back-off
 * @param stripes how many locks the index has, a power of two
 * @param dataHeads how many segments are filled at the same time, a power of two
 */
public record CacheTuning(Clock clock, long seed, int stripes, int dataHeads) {
  private static final int STRIPES = 8;
  private static final int SEGMENTS_PER_HEAD = 8;

  /** What fits this machine and a cache of that many segments. */
  public static CacheTuning forMachine(int segments) {
    int processors = Runtime.getRuntime().availableProcessors();
    int heads = Math.clamp(segments / SEGMENTS_PER_HEAD, 1, processors);
    return new CacheTuning(
        Clock.system(), System.nanoTime(), STRIPES, Integer.highestOneBit(heads));
  }
}
