package io.pcache.log;

import io.pcache.format.LogAddress;
import java.util.BitSet;

/**
 * Walks a log as far as its key sets are readable. It is meant for the examination of a damaged
 * cache. Unlike {@link LogWalk} it reports no error: impossible values, and a segment that the walk
 * has already visited, end the log.
 */
public final class IntactLog {
  private IntactLog() {}

  /**
   * Walks from {@code start} to the first position without a readable key set.
   *
   * @param segments n_segs
   * @return the first position that holds no readable key set; the visitor has not seen it
   */
  public static LogPosition walk(
      KeySetReader reader, int segments, LogAddress start, KeySetVisitor visitor) {
    LogPosition position = LogPosition.first(start);
    BitSet visited = new BitSet(segments);
    visited.set(start.cacheSegId());
    while (true) {
      KeySetReader.Found found = reader.readIfIntact(position.address());
      boolean loops = found == KeySetReader.Found.LAST && visited.get(reader.nextCacheSegId());
      if (found == KeySetReader.Found.NOTHING || loops) {
        return position;
      }
      visitor.visit(position, reader);
      position = reader.after(position, found);
      visited.set(position.cacheSegId());
    }
  }
}
