package io.pcache.agent;

/** The time as the engine sees it: real in production, stepped in simulation. */
public interface Clock {
  /** A monotonic time in nanoseconds from an arbitrary origin. */
  long nanoTime();

  /** The wall-clock time in milliseconds since the epoch, for what people read. */
  long epochMillis();

  /**
   * Holds the calling thread back for about that long, awake where putting it to sleep would take
   * longer. Ends early where the thread is interrupted, or at no reason.
   *
   * @param nanos above 0
   */
  void pause(long nanos);
}
