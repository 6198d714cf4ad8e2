package io.pcache.error;

/**
 * Checks of pcache's own logic between layers, always enabled. A failed check is a bug in pcache.
 * It is never a fault of media, network or operator: their input is validated where it enters. Such
 * faults are reported as {@link PcacheException}.
 */
public final class Invariants {
  private Invariants() {}

  /**
   * Throws {@link AssertionError} if {@code condition} does not hold. {@code message} states the
   * rule, not the violation.
   */
  public static void check(boolean condition, String message) {
    if (!condition) {
      throw new AssertionError("invariant broken: " + message);
    }
  }

  /**
   * Throws {@link AssertionError} with the value in the message if {@code condition} does not hold.
   */
  public static void check(boolean condition, String message, long value) {
    if (!condition) {
      throw new AssertionError("invariant broken: " + message + ", value " + value);
    }
  }
}
