package io.pcache.cache.commit;

import io.pcache.agent.Clock;
import io.pcache.cache.health.CacheCounters;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;

/**
 * The age of the oldest dirty bytes. A commit records a mark: the bytes dirtied so far, and the
 * time. The oldest mark not cleaned yet determines the age. Commits within a second of a mark
 * extend it, so an age is at most a second too high. After {@link #MAX_MARKS}, 18 hours of lag, the
 * last mark covers the rest: memory stays small however far write-back lags.
 *
 * <p>Thread-safety: {@link #dirtied} from one thread at a time; {@link #oldestMillis} from any
 * thread, without blocking.
 */
public final class DirtyAges {
  private static final long MARK_SPACING_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MAX_MARKS = 1 << 16;

  /** When the first of some bytes became dirty, and how many were dirty after the last of them. */
  private static final class Mark {
    final long nanos;
    volatile long dirtiedBytes;

    Mark(long nanos, long dirtiedBytes) {
      this.nanos = nanos;
      this.dirtiedBytes = dirtiedBytes;
    }
  }

  private final CacheCounters counters;
  private final Clock clock;
  private final ConcurrentLinkedDeque<Mark> marks = new ConcurrentLinkedDeque<>();
  private int markCount;

  public DirtyAges(CacheCounters counters, Clock clock) {
    this.counters = counters;
    this.clock = clock;
  }

  /** Records that more bytes have become dirty. */
  public void dirtied() {
    dropCleaned();
    long now = clock.nanoTime();
    long dirtied = counters.dirtiedBytes.sum();
    Mark last = marks.peekLast();
    if (last == null || (now - last.nanos >= MARK_SPACING_NANOS && markCount < MAX_MARKS)) {
      marks.addLast(new Mark(now, dirtied));
      markCount++;
    } else {
      last.dirtiedBytes = dirtied;
    }
  }

  private void dropCleaned() {
    long cleaned = counters.cleanedBytes.sum();
    Mark first = marks.peekFirst();
    while (first != null && first.dirtiedBytes <= cleaned) {
      marks.removeFirst();
      markCount--;
      first = marks.peekFirst();
    }
  }

  /** Age of the oldest dirty bytes in milliseconds, or 0 if no mark is left. */
  public long oldestMillis() {
    long cleaned = counters.cleanedBytes.sum();
    for (Mark mark : marks) {
      if (mark.dirtiedBytes > cleaned) {
        return counters.dirtyBytes() == 0
            ? 0
            : TimeUnit.NANOSECONDS.toMillis(clock.nanoTime() - mark.nanos);
      }
    }
    return 0;
  }
}
