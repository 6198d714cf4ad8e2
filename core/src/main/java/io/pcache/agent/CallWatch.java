package io.pcache.agent;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Knows which calls of a device have not returned, and since when. A call costs a time stamp and a
 * swap in memory that hardly any other thread uses.
 *
 * <p>Thread-safety: all methods from any thread; none waits.
 */
public final class CallWatch {
  /** What is under way beyond that many calls is not watched; what hangs is seen all the same. */
  private static final int PLACES = 64;

  /** A place to a cache line. */
  private static final int STRIDE = 8;

  private static final int UNWATCHED = -1;
  private static final long FREE = 0;

  private final Clock clock;
  private final AtomicLongArray startedNanos = new AtomicLongArray(PLACES * STRIDE);

  /** Creates a watch over a device that is not called yet. */
  public CallWatch(Clock clock) {
    this.clock = clock;
  }

  /**
   * Calls that have not returned.
   *
   * @param calls how many there are
   * @param oldestNanos how long the oldest has been under way, 0 where there is none
   */
  public record Outstanding(int calls, long oldestNanos) {}

  /** A call begins. Returns what {@link #end} takes. */
  public int begin() {
    long now = clock.nanoTime();
    long stamp = now == FREE ? 1 : now;
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < PLACES; i++) {
      int place = (first + i) % PLACES * STRIDE;
      if (startedNanos.getPlain(place) == FREE && startedNanos.compareAndSet(place, FREE, stamp)) {
        return place;
      }
    }
    return UNWATCHED;
  }

  /** The call has returned, however. */
  public void end(int place) {
    if (place != UNWATCHED) {
      startedNanos.setRelease(place, FREE);
    }
  }

  /** The calls that have been under way for at least that long. */
  public Outstanding longerThan(long leastNanos) {
    long now = clock.nanoTime();
    int calls = 0;
    long oldestNanos = 0;
    for (int place = 0; place < PLACES * STRIDE; place += STRIDE) {
      long started = startedNanos.get(place);
      if (started != FREE && now - started >= leastNanos) {
        calls++;
        oldestNanos = Math.max(oldestNanos, now - started);
      }
    }
    return new Outstanding(calls, oldestNanos);
  }
}
