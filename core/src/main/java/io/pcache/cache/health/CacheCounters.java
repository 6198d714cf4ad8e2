package io.pcache.cache.health;

import io.pcache.block.BlockRequest;
import java.util.concurrent.atomic.LongAdder;

/** Counters of a cache since it was opened. Thread-safety: all fields from any thread. */
public final class CacheCounters {
  public final LongAdder reads = new LongAdder();
  public final LongAdder readHitBytes = new LongAdder();
  public final LongAdder readMissBytes = new LongAdder();
  public final LongAdder writes = new LongAdder();
  public final LongAdder writtenBytes = new LongAdder();
  public final LongAdder flushes = new LongAdder();
  public final LongAdder dirtiedBytes = new LongAdder();
  public final LongAdder cleanedBytes = new LongAdder();

  /** Data that is written again after a failure does not count. */
  public final LongAdder writtenBackBytes = new LongAdder();

  public final LongAdder reclaimedSegments = new LongAdder();

  /** Counts an accepted request. A FUA write counts as a flush too. */
  public void count(BlockRequest request) {
    switch (request.op()) {
      case READ -> reads.increment();
      case WRITE, WRITE_ZEROES -> {
        writes.increment();
        writtenBytes.add(request.lengthBytes());
        if (request.forceUnitAccess()) {
          flushes.increment();
        }
      }
      case FLUSH -> flushes.increment();
      case PREFETCH -> {}
    }
  }

  /** Bytes, staged or in the log, that are not known to be on the backing device. */
  public long dirtyBytes() {
    long cleaned = cleanedBytes.sum();
    return Math.max(0, dirtiedBytes.sum() - cleaned);
  }
}
