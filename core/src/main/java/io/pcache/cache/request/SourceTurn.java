package io.pcache.cache.request;

import io.pcache.block.RequestSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The writes of one source that wait, and what is left of its turn. Its writes share the turns: one
 * that has used up a turn goes behind the others. One that overlaps an earlier one is not ready
 * before that has ended.
 *
 * <p>Thread-safety: none; {@link WriteTurns} guards it.
 */
final class SourceTurn {
  private final ArrayList<WaitingWrite> inOrderOfArrival = new ArrayList<>();
  private final ArrayDeque<WaitingWrite> ready = new ArrayDeque<>();
  private @Nullable RequestSource source;
  private long leftBytes;

  /**
   * Begins to wait.
   *
   * @param newSource null for one write that has no source
   */
  void begin(@Nullable RequestSource newSource, long turnBytes) {
    source = newSource;
    leftBytes = turnBytes;
  }

  @Nullable RequestSource source() {
    return source;
  }

  boolean isOrphaned() {
    return source != null && source.isClosed();
  }

  boolean isEmpty() {
    return inOrderOfArrival.isEmpty();
  }

  void add(WaitingWrite write) {
    for (WaitingWrite earlier : inOrderOfArrival) {
      if (earlier.overlaps(write)) {
        write.blockers++;
      }
    }
    inOrderOfArrival.add(write);
    if (write.blockers == 0) {
      ready.addLast(write);
    }
  }

  /** The write that goes on when it is this source's turn. The earliest is always ready. */
  WaitingWrite next() {
    return ready.getFirst();
  }

  /** The latest write other than that one, or null. */
  @Nullable WaitingWrite latestBut(@Nullable WaitingWrite spared) {
    for (WaitingWrite write : inOrderOfArrival.reversed()) {
      if (write != spared) {
        return write;
      }
    }
    return null;
  }

  /** Removes a write; those that waited for it alone become ready. */
  void remove(WaitingWrite write) {
    int place = inOrderOfArrival.indexOf(write);
    var _ = inOrderOfArrival.remove(place);
    var _ = ready.remove(write);
    for (int i = place; i < inOrderOfArrival.size(); i++) {
      WaitingWrite later = inOrderOfArrival.get(i);
      if (later.overlaps(write) && --later.blockers == 0) {
        ready.addLast(later);
      }
    }
  }

  /**
   * So much of the turn was used, which may be more than was left of it; the next one pays for
   * that.
   *
   * @return whether the turn is over
   */
  boolean use(long bytes, long turnBytes) {
    leftBytes -= bytes;
    if (leftBytes > 0) {
      return false;
    }
    leftBytes += turnBytes;
    return true;
  }

  /** The write that used up the turn goes behind the source's others. */
  void rotate() {
    ready.addLast(ready.removeFirst());
  }
}
