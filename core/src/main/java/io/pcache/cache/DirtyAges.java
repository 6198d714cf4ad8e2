package io.pcache.cache;

import io.pcache.agent.Clock;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * How old the oldest dirty bytes are, from marks of (bytes dirtied so far, time): the oldest mark
 * that has not been cleaned yet tells. A mark a second at most, so that memory stays small however
 * long write-back lags.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class DirtyAges {
  private static final long MARK_SPACING_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MAX_MARKS = 1 << 16;

  private record Mark(long dirtiedBytes, long nanos) {}

  private final CacheCounters counters;
  private final Clock clock;
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();

  DirtyAges(CacheCounters counters, Clock clock) {
    this.counters = counters;
    this.clock = clock;
  }

  /** More bytes have become dirty. */
  synchronized void dirtied() {
    dropCleaned();
    long now = clock.nanoTime();
    Mark last = marks.peekLast();
    if (last == null || (now - last.nanos >= MARK_SPACING_NANOS && marks.size() < MAX_MARKS)) {
      marks.addLast(new Mark(counters.dirtiedBytes.sum(), now));
    }
  }

  /** Age of the oldest dirty bytes in milliseconds, 0 where there are none. */
  synchronized long oldestMillis() {
    dropCleaned();
    Mark first = marks.peekFirst();
    return first == null || counters.dirtyBytes() == 0
        ? 0
        : TimeUnit.NANOSECONDS.toMillis(clock.nanoTime() - first.nanos);
  }

  private void dropCleaned() {
    long cleaned = counters.cleanedBytes.sum();
    while (!marks.isEmpty() && marks.peekFirst().dirtiedBytes <= cleaned) {
      marks.removeFirst();
    }
  }
}
