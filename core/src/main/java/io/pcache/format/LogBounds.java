package io.pcache.format;

/**
 * The three positions of a log.
 *
 * @param keyTail everything before it is reclaimed
 * @param dirtyTail everything before it is on the backing device
 * @param keyHead the end of the log
 */
public record LogBounds(LogAddress keyTail, LogAddress dirtyTail, LogAddress keyHead) {
  /** The bounds of an empty log at the start of the first segment. */
  public static final LogBounds EMPTY = empty(new LogAddress(0, 0));

  private static LogBounds empty(LogAddress at) {
    return new LogBounds(at, at, at);
  }
}
