package io.pcache.agent;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntPredicate;

/**
 * Tracks which calls of a device have not returned, and since when. A call costs a time stamp and a
 * compare-and-swap in memory that hardly any other thread uses.
 *
 * <p>Thread-safety: all methods may be called from any thread, and none waits.
 */
public final class CallWatch implements OutstandingCalls {
  /**
   * Calls in progress beyond this number are not watched. A device that hangs shows all the same,
   * by the calls that are watched.
   */
  public static final int PLACES = 64;

  /** The place of a call that is not watched. */
  public static final int UNWATCHED = -1;

  /** One place per cache line. */
  private static final int STRIDE = 8;

  private static final long FREE = 0;

  private final Clock clock;
  private final AtomicLongArray startedNanos = new AtomicLongArray(PLACES * STRIDE);

  /** Creates a watch over a device that has not been called yet. */
  public CallWatch(Clock clock) {
    this.clock = clock;
  }

  /**
   * Records that a call begins.
   *
   * @return its place from 0 to {@link #PLACES} - 1, which no other call has until {@link #end}; or
   *     {@link #UNWATCHED}
   */
  public int begin() {
    long now = clock.nanoTime();
    long stamp = now == FREE ? 1 : now;
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < PLACES; i++) {
      int place = (first + i) % PLACES;
      int at = place * STRIDE;
      if (startedNanos.getPlain(at) == FREE && startedNanos.compareAndSet(at, FREE, stamp)) {
        return place;
      }
    }
    return UNWATCHED;
  }

  /** Records that the call has returned or thrown. */
  public void end(int place) {
    if (place != UNWATCHED) {
      startedNanos.setRelease(place * STRIDE, FREE);
    }
  }

  @Override
  public Outstanding longerThan(long leastNanos) {
    return longerThan(leastNanos, place -> true);
  }

  /**
   * Returns those calls that have been in progress for at least that long and meet a condition.
   *
   * @param condition asked for the places of calls in progress; its answer is ignored if the call
   *     returns meanwhile
   */
  public Outstanding longerThan(long leastNanos, IntPredicate condition) {
    long now = clock.nanoTime();
    int calls = 0;
    long oldestNanos = 0;
    for (int place = 0; place < PLACES; place++) {
      long started = startedNanos.get(place * STRIDE);
      if (started != FREE
          && now - started >= leastNanos
          && condition.test(place)
          && startedNanos.get(place * STRIDE) == started) {
        calls++;
        oldestNanos = Math.max(oldestNanos, now - started);
      }
    }
    return new Outstanding(calls, oldestNanos);
  }
}
