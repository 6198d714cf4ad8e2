package io.pcache.cache;

import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import io.pcache.index.ExtentCursor;
import io.pcache.index.ExtentIndex;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the states of a range inside one subtree under its lock, and tells them without it. Not
 * thread-safe.
 */
final class RangeStates {
  private record Range(long fromBytes, long toBytes, RangeState state) {}

  private final ExtentCursor cursor = new ExtentCursor();
  private final List<Range> ranges = new ArrayList<>();

  void collect(ExtentIndex index, long fromBytes, long toBytes) {
    ranges.clear();
    long at = fromBytes;
    for (index.seek(cursor, fromBytes);
        cursor.isValid() && cursor.offsetBytes() < toBytes;
        cursor.next()) {
      add(at, cursor.offsetBytes(), RangeState.MISSING);
      long from = Math.max(at, cursor.offsetBytes());
      long to = Math.min(toBytes, cursor.endBytes());
      add(from, to, cursor.isClean() ? RangeState.CLEAN : RangeState.DIRTY);
      at = to;
    }
    add(at, toBytes, RangeState.MISSING);
  }

  private void add(long fromBytes, long toBytes, RangeState state) {
    if (fromBytes < toBytes) {
      ranges.add(new Range(fromBytes, toBytes, state));
    }
  }

  boolean tell(RangeStateVisitor visitor) {
    for (Range range : ranges) {
      if (!visitor.visit(range.fromBytes, range.toBytes - range.fromBytes, range.state)) {
        return false;
      }
    }
    return true;
  }
}
