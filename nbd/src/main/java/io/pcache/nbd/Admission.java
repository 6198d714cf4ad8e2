package io.pcache.nbd;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How many requests and how much payload one connection has in flight, and the wait when that is
 * too much. Each connection has a share of memory of its own, so that small requests never depend
 * on what other clients do; beyond it, payload comes out of the {@link MemoryBudget} of all.
 *
 * <p>Thread-safety: {@link #tryEnter}, {@link #enter} and {@link #awaitIdle} by the connection's
 * thread; the rest by any.
 */
final class Admission {
  /** Memory that a connection always has. */
  static final long OWN_SHARE_BYTES = 1 << 20;

  private final int maxRequests;
  private final long maxSharedBytes;
  private final MemoryBudget budget;
  private final MemoryBudget.Waiter place;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicLong ownBytes = new AtomicLong();
  private final AtomicLong sharedBytes = new AtomicLong();
  private volatile @Nullable Thread parked;
  private volatile boolean abandoned;
  private volatile boolean lookDue;

  Admission(int maxRequests, long maxBytes, MemoryBudget budget) {
    this.maxRequests = maxRequests;
    this.maxSharedBytes = maxBytes;
    this.budget = budget;
    this.place = budget.newWaiter();
  }

  /** Where a request's memory came from, to be given back there. */
  enum Share {
    OWN,
    COMMON
  }

  /** Lets a request in if that is possible now; null otherwise. */
  @Nullable Share tryEnter(long bytes) {
    if (requests.get() >= maxRequests) {
      return null;
    }
    if (ownBytes.get() + bytes <= OWN_SHARE_BYTES) {
      return entered(Share.OWN, ownBytes, bytes);
    }
    return hasRoom(bytes) && budget.tryTake(bytes)
        ? entered(Share.COMMON, sharedBytes, bytes)
        : null;
  }

  private Share entered(Share share, AtomicLong counter, long bytes) {
    long unusedBytes = counter.addAndGet(bytes);
    int unusedCount = requests.incrementAndGet();
    return share;
  }

  private boolean hasRoom(long bytes) {
    return requests.get() < maxRequests && sharedBytes.get() + bytes <= maxSharedBytes;
  }

  /**
   * Waits until a request can be let in; null once the connection is given up.
   *
   * @param look what the waiting thread does after each {@link #remind}; may give the connection up
   */
  @Nullable Share enter(long bytes, Runnable look) {
    // A request that fits the own share waits for this connection's own requests only, never for
    // other clients.
    return bytes <= OWN_SHARE_BYTES ? enterWhenOwnOnesLeave(bytes, look) : enterInTurn(bytes, look);
  }

  private @Nullable Share enterWhenOwnOnesLeave(long bytes, Runnable look) {
    parked = Thread.currentThread();
    Share share = tryEnter(bytes);
    while (share == null && !abandoned) {
      lookOrPark(look);
      share = tryEnter(bytes);
    }
    parked = null;
    return share;
  }

  private @Nullable Share enterInTurn(long bytes, Runnable look) {
    parked = Thread.currentThread();
    while (!hasRoom(bytes) && !abandoned) {
      lookOrPark(look);
    }
    parked = null;
    return budget.take(place, bytes, look) ? entered(Share.COMMON, sharedBytes, bytes) : null;
  }

  /** Returns to let the caller check again what it waits for, which a look may have changed. */
  private void lookOrPark(Runnable look) {
    if (lookDue) {
      lookDue = false;
      look.run();
    } else {
      LockSupport.park(this);
    }
  }

  /** Waits until nothing is in flight, or the connection is given up. */
  void awaitIdle() {
    parked = Thread.currentThread();
    while (requests.get() > 0 && !abandoned) {
      LockSupport.park(this);
    }
    parked = null;
  }

  /** A request is over, and its buffer is back in the pool. */
  void leave(Share share, long bytes) {
    if (share == Share.OWN) {
      long unused = ownBytes.addAndGet(-bytes);
    } else {
      long unused = sharedBytes.addAndGet(-bytes);
      budget.give(bytes);
    }
    int unusedCount = requests.decrementAndGet();
    wake();
  }

  private void wake() {
    Thread waiter = parked;
    if (waiter != null) {
      LockSupport.unpark(waiter);
    }
  }

  /** Lets the connection's thread look after its client once, if it waits now or next time. */
  void remind() {
    lookDue = true;
    wake();
    budget.remind(place);
  }

  /** The connection is given up: nobody waits any more. */
  void abandon() {
    abandoned = true;
    budget.abandon(place);
    wake();
  }

  /** What this connection holds of the memory of all, or stands in line for. */
  long claimedBytes() {
    return sharedBytes.get() + budget.wantedBytes(place);
  }

  /** What it holds of the memory of all. */
  long sharedBytes() {
    return sharedBytes.get();
  }

  /** Says whether the client stands still: nobody else has to give way for what it waits for. */
  void setClientStalled(boolean stalled) {
    budget.setPointless(place, stalled);
  }

  int requestsInFlight() {
    return requests.get();
  }

  /** Buffer bytes that they hold. */
  long bytesInFlight() {
    return ownBytes.get() + sharedBytes.get();
  }
}
