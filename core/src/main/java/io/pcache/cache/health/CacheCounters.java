package io.pcache.cache.health;

import io.pcache.block.BlockRequest;
import java.util.concurrent.atomic.LongAdder;

/** What a cache has done since it was opened. Thread-safety: all fields from any thread. */
public final class CacheCounters {
  public final LongAdder reads = new LongAdder();
  public final LongAdder readHitBytes = new LongAdder();
  public final LongAdder readMissBytes = new LongAdder();
  public final LongAdder writes = new LongAdder();
  public final LongAdder writtenBytes = new LongAdder();
  public final LongAdder flushes = new LongAdder();
  public final LongAdder dirtiedBytes = new LongAdder();
  public final LongAdder cleanedBytes = new LongAdder();

  /** Without what is written again after a failure. */
  public final LongAdder writtenBackBytes = new LongAdder();

  public final LongAdder reclaimedSegments = new LongAdder();

  /** Counts a request that the cache takes in. A write with FUA is a flush as well. */
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

  /** Bytes in the log that are not known to be on the backing device. */
  public long dirtyBytes() {
    long cleaned = cleanedBytes.sum();
    return Math.max(0, dirtiedBytes.sum() - cleaned);
  }
}
