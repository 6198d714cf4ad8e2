package io.pcache.cli;

/** How much the command logs, to stderr. */
final class Logging {
  /** The level without {@code --verbose}. */
  static final String WARNINGS = "WARN";

  /** The level with {@code --verbose}. */
  static final String DETAILED = "DEBUG";

  private Logging() {}

  /**
   * Settles the level. Has an effect only before anything was logged: the configuration reads it
   * once.
   */
  static void start(String level) {
    System.setProperty("pcache.log.level", level);
  }
}
