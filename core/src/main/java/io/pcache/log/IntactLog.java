package io.pcache.log;

import io.pcache.format.LogAddress;
import java.util.BitSet;

/**
 * Walks a log as far as its key sets are readable. Unlike {@link LogWalk} it takes impossible
 * values, and a segment that it has been in, for the log's end: it is for who looks at a damaged
 * cache.
 */
public final class IntactLog {
  private IntactLog() {}

  /**
   * Walks from {@code start}.
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
