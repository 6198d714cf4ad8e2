package io.pcache.cache.request;

import io.pcache.block.BlockRequest;
import io.pcache.block.RequestSource;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which waiting write goes next. Sources take turns of {@link #TURN_BYTES}. One large write
 * or many small ones use up a turn. So a source waits for at most one turn of each other source,
 * however much they want. All sources get the same share of the freed space. A write of at most one
 * turn is not interrupted.
 *
 * <p>Writes of one source also take turns. A client may serve many users, as a virtual machine
 * does, and often has small writes behind large ones. Only a write that overlaps an earlier one of
 * its source stays behind it.
 *
 * <p>Thread-safety: all methods from any thread; {@link #next} and {@link #advanced} alternate, on
 * one thread at a time.
 */
final class WriteTurns {
  /** Bytes that a source may write before the next waiting source. */
  static final long TURN_BYTES = 1 << 20;

  private final ArrayDeque<SourceTurn> order = new ArrayDeque<>();
  private final IdentityHashMap<RequestSource, SourceTurn> bySource = new IdentityHashMap<>();
  private final ArrayDeque<WaitingWrite> spareWrites = new ArrayDeque<>();
  private final ArrayDeque<SourceTurn> spareTurns = new ArrayDeque<>();
  private @Nullable WaitingWrite inHand;
  private int count;

  /** The count, for reading without the lock. */
  private volatile int waiting;

  private volatile boolean ended;

  /** Number of waiting writes. It includes the one in hand, so that no later write overtakes it. */
  int waiting() {
    return waiting;
  }

  /** Stops accepting writes, because no more space will become free. */
  synchronized void end() {
    ended = true;
  }

  boolean hasEnded() {
    return ended;
  }

  /**
   * Adds a write that waits for its turn.
   *
   * @param doneBytes how many bytes of it are already written
   * @return false after {@link #end}
   */
  synchronized boolean add(BlockRequest request, long doneBytes) {
    if (ended) {
      return false;
    }
    WaitingWrite write = spareWrites.isEmpty() ? new WaitingWrite() : spareWrites.removeLast();
    write.begin(request, doneBytes);
    turnOf(request.source()).add(write);
    waiting = ++count;
    return true;
  }

  private SourceTurn turnOf(@Nullable RequestSource source) {
    SourceTurn turn = source == null ? null : bySource.get(source);
    if (turn == null) {
      turn = spareTurns.isEmpty() ? new SourceTurn() : spareTurns.removeLast();
      turn.begin(source, TURN_BYTES);
      order.addLast(turn);
      if (source != null) {
        bySource.put(source, turn);
      }
    }
    return turn;
  }

  /**
   * The write whose turn it is, or null. The caller continues it and then calls {@link #advanced}.
   */
  synchronized @Nullable WaitingWrite next() {
    SourceTurn first = order.peekFirst();
    inHand = first == null ? null : first.next();
    return inHand;
  }

  /**
   * Records the progress of the write in hand. A write without progress keeps its turn.
   *
   * @return whether it has ended and no longer waits
   */
  synchronized boolean advanced(WaitingWrite write, long doneBytes) {
    SourceTurn turn = order.getFirst();
    // A failed write counts as complete, and must not use up more than a turn.
    long usedBytes = Math.min(TURN_BYTES, doneBytes - write.doneBytes());
    boolean turnIsOver = turn.use(usedBytes, TURN_BYTES);
    write.advanceTo(doneBytes);
    inHand = null;
    boolean done = write.leftBytes() == 0;
    if (done) {
      remove(turn, write);
    } else if (turnIsOver) {
      turn.rotate();
    }
    if (turnIsOver && !turn.isEmpty()) {
      order.addLast(order.removeFirst());
    }
    return done;
  }

  private void remove(SourceTurn turn, WaitingWrite write) {
    turn.remove(write);
    write.end();
    spareWrites.addLast(write);
    if (turn.isEmpty()) {
      var _ = order.remove(turn);
      RequestSource source = turn.source();
      if (source != null) {
        bySource.remove(source);
      }
      spareTurns.addLast(turn);
    }
    waiting = --count;
  }

  /**
   * Removes a write whose source is closed, other than the one in hand. Returns null if there is
   * none.
   */
  @Nullable BlockRequest takeOrphan() {
    return takeWhere(SourceTurn::isOrphaned);
  }

  /** Removes any write other than the one in hand. Returns null if there is none. */
  @Nullable BlockRequest takeAny() {
    return takeWhere(turn -> true);
  }

  private synchronized @Nullable BlockRequest takeWhere(Predicate<SourceTurn> which) {
    for (SourceTurn turn : order) {
      BlockRequest taken = which.test(turn) ? takeFrom(turn) : null;
      if (taken != null) {
        return taken;
      }
    }
    return null;
  }

  private @Nullable BlockRequest takeFrom(SourceTurn turn) {
    WaitingWrite write = turn.latestBut(inHand);
    if (write == null) {
      return null;
    }
    BlockRequest request = write.request();
    remove(turn, write);
    return request;
  }
}
