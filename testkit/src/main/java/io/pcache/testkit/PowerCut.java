package io.pcache.testkit;

/**
 * The simulated machine has lost power. An error and not an exception, so that nothing under test
 * handles it like a failing device and goes on.
 */
public final class PowerCut extends Error {
  private static final long serialVersionUID = 1L;

  /** Says when. */
  public PowerCut(String message) {
    super(message);
  }
}
