package io.pcache.cache;

import io.pcache.agent.Clock;
import io.pcache.agent.SystemClock;
import io.pcache.cache.pace.IndexMemory;
import java.util.concurrent.TimeUnit;

/**
 * What a cache may be given by who runs it; none of it changes what it promises.
 *
 * @param clock the time
 * @param seed seed of the jitter in back-off
 * @param stripes how many locks the index has, a power of two
 * @param dataHeads how many segments are filled at the same time, a power of two
 * @param offloadNanos how long the backing device takes at least for a request that write-back
 *     hands to the device's threads; what is faster it carries out itself. 0 for handing over all
 * @param recoveryThreads how many walk the log at the same time, at least 1
 * @param maxIndexBytes how much of the heap the index may take; beyond it misses do not fill, and
 *     writes wait for reclaiming
 */
public record CacheTuning(
    Clock clock,
    long seed,
    int stripes,
    int dataHeads,
    long offloadNanos,
    int recoveryThreads,
    long maxIndexBytes) {
  private static final int STRIPES = 8;
  private static final int SEGMENTS_PER_HEAD = 8;

  /** About what it takes to wake a thread and to be woken by it. */
  private static final long HAND_OVER_NANOS = TimeUnit.MICROSECONDS.toNanos(25);

  /** Each reads all of the log: more would mostly do that. */
  private static final int MAX_RECOVERY_THREADS = 8;

  /** What fits this machine and a cache of that many segments. */
  public static CacheTuning forMachine(int segments) {
    int processors = Runtime.getRuntime().availableProcessors();
    int heads = Math.clamp(segments / SEGMENTS_PER_HEAD, 1, processors);
    return new CacheTuning(
        SystemClock.INSTANCE,
        System.nanoTime(),
        STRIPES,
        Integer.highestOneBit(heads),
        HAND_OVER_NANOS,
        Math.min(processors, MAX_RECOVERY_THREADS),
        IndexMemory.bytesForHeap(Runtime.getRuntime().maxMemory()));
  }
}
