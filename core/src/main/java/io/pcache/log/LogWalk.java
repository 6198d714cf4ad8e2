package io.pcache.log;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.LogAddress;
import java.util.BitSet;

/**
 * Walks the log from a position to where the next key set is not valid.
 *
 * <p>A chain of LAST key sets may not come to a segment that the walk has been in: a segment
 * becomes free, and so a part of the log again, only once key_tail has left it. A log that loops is
 * refused, also where it ends after that, before its own beginning.
 */
public final class LogWalk {
  private final KeySetReader reader;
  private final int segments;

  /**
   * Creates a walk.
   *
   * @param segments n_segs
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
  public LogPosition from(LogAddress start, KeySetVisitor visitor) {
    LogPosition position = LogPosition.first(start);
    BitSet visited = new BitSet(segments);
    visited.set(start.cacheSegId());
    while (true) {
      KeySetReader.Found found = reader.read(position.address());
      if (found == KeySetReader.Found.NOTHING) {
        return position;
      }
      if (found == KeySetReader.Found.LAST) {
        enter(reader.nextCacheSegId(), visited, start);
      }
      visitor.visit(position, reader);
      position = reader.after(position, found);
    }
  }

  private static void enter(int cacheSegId, BitSet visited, LogAddress start) {
    if (visited.get(cacheSegId)) {
      throw new CorruptMediaException(
          "log: the chain of LAST key sets from %s comes to segment %d twice"
              .formatted(start, cacheSegId));
    }
    visited.set(cacheSegId);
  }
}
