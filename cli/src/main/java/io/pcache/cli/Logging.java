package io.pcache.cli;

/** How much the command logs, to stderr. */
final class Logging {
  private Logging() {}

  /**
   * Settles the level. Has an effect only before anything was logged: the configuration reads it
   * once.
   */
  static void start(boolean verbose) {
    System.setProperty("pcache.log.level", verbose ? "DEBUG" : "WARN");
  }
}
