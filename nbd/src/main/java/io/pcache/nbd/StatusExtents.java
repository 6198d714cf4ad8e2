package io.pcache.nbd;

import io.pcache.block.BlockDevice;
import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import java.util.Arrays;

/**
 * The extents of one block status answer: equal neighbours are one, and there is a bound on extents
 * and on work, because a client can ask for any length. A short answer is fine; the client asks on.
 * Used by the connection's thread.
 */
final class StatusExtents implements RangeStateVisitor {
  /** The most extents in one answer. */
  static final int MAX_EXTENTS = 4096;

  private static final int MAX_VISITS = 1 << 16;

  /** Most clients never ask. */
  private static final int FIRST_EXTENTS = 16;

  private long[] lengthBytes = new long[FIRST_EXTENTS];
  private int[] status = new int[FIRST_EXTENTS];
  private int count;
  private int limit;
  private int visits;

  /** Makes this one extent. */
  void set(long length, int newStatus) {
    count = 0;
    append(length, newStatus);
  }

  /** Fills this with the cache's state of a range. */
  void collect(BlockDevice device, long offset, long length, int maxExtents) {
    count = 0;
    visits = 0;
    limit = maxExtents;
    device.visitRangeStates(offset, length, this);
  }

  @Override
  public boolean visit(long offset, long length, RangeState state) {
    int newStatus = statusOf(state);
    visits++;
    if (count > 0 && status[count - 1] == newStatus) {
      lengthBytes[count - 1] += length;
      return visits < MAX_VISITS;
    }
    if (count == limit) {
      return false;
    }
    append(length, newStatus);
    return visits < MAX_VISITS;
  }

  private void append(long length, int newStatus) {
    if (count == lengthBytes.length) {
      lengthBytes = Arrays.copyOf(lengthBytes, 2 * count);
      status = Arrays.copyOf(status, 2 * count);
    }
    lengthBytes[count] = length;
    status[count] = newStatus;
    count++;
  }

  private static int statusOf(RangeState state) {
    return switch (state) {
      case MISSING -> 0;
      case CLEAN -> 1;
      case DIRTY -> 2;
    };
  }

  int count() {
    return count;
  }

  long lengthBytes(int index) {
    return lengthBytes[index];
  }

  int status(int index) {
    return status[index];
  }
}
