package io.pcache.cache.request;

import io.pcache.block.BlockRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A write that waits for space, and how far it has come. Used again for others, so that waiting
 * makes no garbage.
 *
 * <p>Thread-safety: none; {@link WriteTurns} guards it.
 */
final class WaitingWrite {
  private @Nullable BlockRequest request;
  private long doneBytes;

  /** How many earlier writes of its source it overlaps, all of which go first. */
  int blockers;

  void begin(BlockRequest newRequest, long newDoneBytes) {
    request = newRequest;
    doneBytes = newDoneBytes;
    blockers = 0;
  }

  /** It waits no more. */
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

  /** Whole requests are compared: what is done of one does not free those behind it. */
  boolean overlaps(WaitingWrite other) {
    BlockRequest one = request();
    BlockRequest two = other.request();
    return one.offsetBytes() < two.offsetBytes() + two.lengthBytes()
        && two.offsetBytes() < one.offsetBytes() + one.lengthBytes();
  }
}
