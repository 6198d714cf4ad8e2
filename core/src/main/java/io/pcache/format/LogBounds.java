package io.pcache.format;

/**
 * The three positions of a log.
 *
 * @param keyTail everything before is reclaimed
 * @param dirtyTail everything before is on the backing device
 * @param keyHead where the log ends
 */
public record LogBounds(LogAddress keyTail, LogAddress dirtyTail, LogAddress keyHead) {
  /** The bounds of an empty log at its very beginning. */
  public static final LogBounds EMPTY = empty(new LogAddress(0, 0));

  private static LogBounds empty(LogAddress at) {
    return new LogBounds(at, at, at);
  }
}
