package io.pcache.cache.request;

import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import io.pcache.cache.stripe.ExtentVisitor;
import io.pcache.index.ExtentCursor;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the states of a range inside one subtree under the stripe's lock. It then reports them
 * to a visitor without the lock. Not thread-safe.
 */
public final class RangeStates implements ExtentVisitor {
  private record Range(long fromBytes, long toBytes, RangeState state) {}

  public final ExtentCursor cursor = new ExtentCursor();

  private final List<Range> ranges = new ArrayList<>();
  private long nextBytes;
  private long untilBytes;

  /** Starts collecting for a range of logical offsets. */
  public void begin(long fromBytes, long toBytes) {
    ranges.clear();
    nextBytes = fromBytes;
    untilBytes = toBytes;
  }

  @Override
  public void visit(ExtentCursor extent) {
    add(nextBytes, extent.offsetBytes(), RangeState.MISSING);
    long from = Math.max(nextBytes, extent.offsetBytes());
    long to = Math.min(untilBytes, extent.endBytes());
    add(from, to, extent.isClean() ? RangeState.CLEAN : RangeState.DIRTY);
    nextBytes = to;
  }

  /** Called after all extents of the range have been visited. */
  public void end() {
    add(nextBytes, untilBytes, RangeState.MISSING);
  }

  private void add(long fromBytes, long toBytes, RangeState state) {
    if (fromBytes < toBytes) {
      ranges.add(new Range(fromBytes, toBytes, state));
    }
  }

  public boolean tell(RangeStateVisitor visitor) {
    for (Range range : ranges) {
      if (!visitor.visit(range.fromBytes, range.toBytes - range.fromBytes, range.state)) {
        return false;
      }
    }
    return true;
  }
}
