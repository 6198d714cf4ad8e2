package io.pcache.error;

/**
 * Checks of our own logic between layers, always on. A failed check is a bug in pcache, never a
 * fault of media, network or operator: those are validated where they enter and reported as {@link
 * PcacheException}.
 */
public final class Invariants {
  private Invariants() {}

  /**
   * Throws if {@code condition} does not hold. {@code message} states the rule, not the violation.
   */
  public static void check(boolean condition, String message) {
    if (!condition) {
      throw new AssertionError("invariant broken: " + message);
    }
  }

  /** Throws with the value in the message if {@code condition} does not hold. */
  public static void check(boolean condition, String message, long value) {
    if (!condition) {
      throw new AssertionError("invariant broken: " + message + ", value " + value);
    }
  }
}
