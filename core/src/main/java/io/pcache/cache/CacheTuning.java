package io.pcache.cache;

import io.pcache.agent.Clock;
import io.pcache.agent.SystemClock;
import io.pcache.cache.pace.IndexMemory;
import java.util.concurrent.TimeUnit;

/**
 * Settings that affect a cache's speed and memory but none of its promises.
 *
 * @param clock the source of time
 * @param seed seed of the jitter in back-off
 * @param stripes number of stripes, each with one lock; a power of two
 * @param dataHeads number of segments filled at the same time; a power of two
 * @param offloadNanos request time from which write-back hands requests to the backing device's
 *     threads. It carries out faster ones itself. 0 always hands over.
 * @param recoveryThreads number of threads that walk the log at recovery, at least 1
 * @param maxIndexBytes limit of the heap that the index uses. Beyond it, misses do not fill and
 *     writes wait for reclaiming.
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

  /** Roughly the time to wake a thread and to be woken by it in turn. */
  private static final long OFFLOAD_NANOS = TimeUnit.MICROSECONDS.toNanos(25);

  /** Each thread reads all of the log, so more threads would mostly repeat that work. */
  private static final int MAX_RECOVERY_THREADS = 8;

  /** Default settings for this machine and a cache of {@code segments} segments. */
  public static CacheTuning forMachine(int segments) {
    int processors = Runtime.getRuntime().availableProcessors();
    int heads = Math.clamp(segments / SEGMENTS_PER_HEAD, 1, processors);
    return new CacheTuning(
        SystemClock.INSTANCE,
        System.nanoTime(),
        STRIPES,
        Integer.highestOneBit(heads),
        OFFLOAD_NANOS,
        Math.min(processors, MAX_RECOVERY_THREADS),
        IndexMemory.bytesForHeap(Runtime.getRuntime().maxMemory()));
  }
}
