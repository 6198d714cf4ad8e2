package io.pcache.cache.request;

import io.pcache.block.BlockRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A write that waits for space, and its progress. Reused, so that waiting makes no garbage.
 *
 * <p>Thread-safety: none; {@link WriteTurns} guards it.
 */
final class WaitingWrite {
  private @Nullable BlockRequest request;
  private long doneBytes;

  /** Number of earlier writes of the same source that it overlaps. All of them go first. */
  int blockers;

  void begin(BlockRequest newRequest, long newDoneBytes) {
    request = newRequest;
    doneBytes = newDoneBytes;
    blockers = 0;
  }

  /** Ends the wait and drops the request. */
  void end() {
    request = null;
  }

  BlockRequest request() {
    return Objects.requireNonNull(request, "a write that waits has a request");
  }

  long doneBytes() {
    return doneBytes;
  }

  long leftBytes() {
    return request().lengthBytes() - doneBytes;
  }

  void advanceTo(long newDoneBytes) {
    doneBytes = newDoneBytes;
  }

  /** Compares whole requests: the finished part of a write does not unblock writes behind it. */
  boolean overlaps(WaitingWrite other) {
    BlockRequest one = request();
    BlockRequest two = other.request();
    return one.offsetBytes() < two.offsetBytes() + two.lengthBytes()
        && two.offsetBytes() < one.offsetBytes() + one.lengthBytes();
  }
}
