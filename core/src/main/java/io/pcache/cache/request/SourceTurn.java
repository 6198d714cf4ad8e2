package io.pcache.cache.request;

import io.pcache.block.RequestSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The waiting writes of one source, and the rest of its turn. The writes of a source also take
 * turns: one that has used up a turn goes behind the others. A write that overlaps earlier ones
 * becomes ready only after they have ended.
 *
 * <p>Thread-safety: none; {@link WriteTurns} guards it.
 */
final class SourceTurn {
  private final ArrayList<WaitingWrite> inOrderOfArrival = new ArrayList<>();
  private final ArrayDeque<WaitingWrite> ready = new ArrayDeque<>();
  private @Nullable RequestSource source;
  private long leftBytes;

  /**
   * Starts waiting.
   *
   * @param newSource null for a single write without a source
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

  /** The write to continue when it is this source's turn. The earliest write is always ready. */
  WaitingWrite next() {
    return ready.getFirst();
  }

  /** The latest write other than {@code spared}, or null. */
  @Nullable WaitingWrite latestBut(@Nullable WaitingWrite spared) {
    for (WaitingWrite write : inOrderOfArrival.reversed()) {
      if (write != spared) {
        return write;
      }
    }
    return null;
  }

  /** Removes a write. Writes that were blocked by it alone become ready. */
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
   * Deducts bytes from the turn. If they exceed the rest of the turn, the excess is deducted from
   * the next turn.
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

  /** Moves the write that used up the turn behind the source's other writes. */
  void rotate() {
    ready.addLast(ready.removeFirst());
  }
}
