package io.pcache.log;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.LogPosition;

/**
 * Walks the log from a position to where the next key set is not valid.
 *
 * <p>A chain of LAST key sets may not take more hops than there are segments: a log that loops is
 * refused.
 */
public final class LogWalk {
  private final KeySetReader reader;
  private final int segments;

  /**
   * Creates a walk.
   *
   * @param segments n_segs, the bound of hops
   */
  public LogWalk(KeySetReader reader, int segments) {
    this.reader = reader;
    this.segments = segments;
  }

  /**
   * Walks from {@code start}.
   *
   * @return the first position that holds no valid key set
   * @throws CorruptMediaException where the chain loops, or valid checksums cover impossible values
   */
  public LogPosition from(LogPosition start, KeySetVisitor visitor) {
    LogPosition position = start;
    int hops = 0;
    while (true) {
      KeySetReader.Found found = reader.read(position);
      if (found == KeySetReader.Found.NOTHING) {
        return position;
      }
      if (found == KeySetReader.Found.LAST && ++hops > segments) {
        throw new CorruptMediaException(
            "log: the chain of LAST key sets from "
                + start
                + " does not end within "
                + segments
                + " segments");
      }
      visitor.visit(position, reader);
      position = reader.after(position, found);
    }
  }
}
