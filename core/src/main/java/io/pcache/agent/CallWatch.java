package io.pcache.agent;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Tracks which calls of a device have not returned, and since when. A call costs a time stamp and a
 * compare-and-swap in memory that hardly any other thread uses.
 *
 * <p>Thread-safety: all methods may be called from any thread, and none waits.
 */
public final class CallWatch {
  /**
   * Calls in progress beyond this number are not watched. A device that hangs shows all the same,
   * by the calls that are watched.
   */
  private static final int PLACES = 64;

  /** One place per cache line. */
  private static final int STRIDE = 8;

  private static final int UNWATCHED = -1;
  private static final long FREE = 0;

  private final Clock clock;
  private final AtomicLongArray startedNanos = new AtomicLongArray(PLACES * STRIDE);

  /** Creates a watch over a device that has not been called yet. */
  public CallWatch(Clock clock) {
    this.clock = clock;
  }

  /**
   * Calls that have not returned.
   *
   * @param calls the number of calls
   * @param oldestNanos how long the oldest call has been in progress, 0 if there is none
   */
  public record Outstanding(int calls, long oldestNanos) {}

  /** Records that a call begins. Returns the argument for {@link #end}. */
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

  /** Records that the call has returned or thrown. */
  public void end(int place) {
    if (place != UNWATCHED) {
      startedNanos.setRelease(place, FREE);
    }
  }

  /** The calls that have been in progress for at least that long. */
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
