package io.pcache.cache.request;

import io.pcache.block.BlockRequest;
import io.pcache.block.RequestSource;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who of those that wait for space goes next. Sources take turns of {@link #TURN_BYTES}, which one
 * large write uses up, or many small ones share; so none waits for more than a turn of each other
 * source, however much they want, and all get the same share of the space that comes free. A write
 * of at most a turn is not interrupted by others.
 *
 * <p>Inside a source, writes take turns as well: a client that serves many, as a virtual machine
 * does, has small ones behind large ones all the time. Only one that overlaps an earlier one of its
 * source stays behind it.
 *
 * <p>Thread-safety: all methods from any thread; {@link #next} and {@link #advanced} alternate, on
 * one thread at a time.
 */
final class WriteTurns {
  /** What a source writes until it is another one's turn, if another one waits. */
  static final long TURN_BYTES = 1 << 20;

  private final ArrayDeque<SourceTurn> order = new ArrayDeque<>();
  private final IdentityHashMap<RequestSource, SourceTurn> bySource = new IdentityHashMap<>();
  private final ArrayDeque<WaitingWrite> spareWrites = new ArrayDeque<>();
  private final ArrayDeque<SourceTurn> spareTurns = new ArrayDeque<>();
  private @Nullable WaitingWrite inHand;
  private int count;

  /** The count, for those who look without the lock. */
  private volatile int waiting;

  private volatile boolean ended;

  /** How many writes wait, the one in hand included, so that no later one overtakes it. */
  int waiting() {
    return waiting;
  }

  /** Nobody makes space any more: no write is taken from now on. */
  synchronized void end() {
    ended = true;
  }

  boolean hasEnded() {
    return ended;
  }

  /**
   * Lets a write wait for its turn.
   *
   * @param doneBytes how far it has come already
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

  /** The write whose turn it is, to be carried on and then given to {@link #advanced}; or null. */
  synchronized @Nullable WaitingWrite next() {
    SourceTurn first = order.peekFirst();
    inHand = first == null ? null : first.next();
    return inHand;
  }

  /**
   * The write that was in hand has come so far. One that has not moved keeps its turn.
   *
   * @return whether it has ended, and waits no more
   */
  synchronized boolean advanced(WaitingWrite write, long doneBytes) {
    SourceTurn turn = order.getFirst();
    // A write that has failed has come to its end, and counts as a piece.
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

  /** Takes out a write whose source is closed, other than the one in hand; null for none. */
  @Nullable BlockRequest takeOrphan() {
    return takeWhere(SourceTurn::isOrphaned);
  }

  /** Takes out any write other than the one in hand; null for none. */
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
