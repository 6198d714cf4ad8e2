package io.pcache.cache;

import java.util.concurrent.atomic.LongAdder;

/** What a cache has done since it was opened. Thread-safety: all fields from any thread. */
final class CacheCounters {
  final LongAdder reads = new LongAdder();
  final LongAdder readHitBytes = new LongAdder();
  final LongAdder readMissBytes = new LongAdder();
  final LongAdder writes = new LongAdder();
  final LongAdder writtenBytes = new LongAdder();
  final LongAdder flushes = new LongAdder();
  final LongAdder dirtiedBytes = new LongAdder();
  final LongAdder cleanedBytes = new LongAdder();
  final LongAdder writtenBackBytes = new LongAdder();

  /** The same without what is written again after a failure. */
  final LongAdder writeBackProgressBytes = new LongAdder();

  final LongAdder reclaimedSegments = new LongAdder();

  /** Bytes in the log that are not known to be on the backing device. */
  long dirtyBytes() {
    long cleaned = cleanedBytes.sum();
    return Math.max(0, dirtiedBytes.sum() - cleaned);
  }
}
