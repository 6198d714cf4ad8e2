package io.pcache.agent;

/** The time as the engine sees it: real in production, stepped in simulation. */
public interface Clock {
  /** A monotonic time in nanoseconds from an arbitrary origin. */
  long nanoTime();

  /** The wall-clock time in milliseconds since the epoch, for people to read. */
  long epochMillis();

  /**
   * Delays the calling thread for about that long. If a sleep would take longer, the thread stays
   * awake. The pause may end early if the thread is interrupted, or for no reason.
   *
   * @param nanos above 0
   */
  void pause(long nanos);
}
