package io.pcache.agent;

/** The time as the engine sees it: real in production, stepped in simulation. */
public interface Clock {
  /** A monotonic time in nanoseconds from an arbitrary origin. */
  long nanoTime();

  /** The wall-clock time in milliseconds since the epoch, for what people read. */
  long epochMillis();

  /** The machine's own clock. */
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
