package io.pcache.log;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.LogAddress;
import java.util.BitSet;

/**
 * Walks the log from a position to the first position without a valid key set.
 *
 * <p>A chain of LAST key sets must not return to a segment that the walk has visited. A segment
 * becomes free only after key_tail has left it, and only then can the log use it again. A log that
 * loops is therefore refused. This also holds if the log ends in the revisited segment, before its
 * own start.
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
   * Walks from {@code start} to the end of the log.
   *
   * @return the first position that holds no valid key set
   * @throws CorruptMediaException if the chain loops, or valid checksums cover impossible values
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
