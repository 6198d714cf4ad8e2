package io.pcache.fuzz;

import io.pcache.error.PcacheException;

/** What must hold, whatever the input was. */
final class Require {
  private Require() {}

  /** Throws where it does not hold. */
  static void that(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError("does not hold: " + what);
    }
  }

  /** A refusal has a message of one line. */
  static void saysSomething(PcacheException refusal) {
    String message = refusal.getMessage();
    that(message != null && !message.isBlank() && !message.contains("\n"), "a message: " + message);
  }
}
