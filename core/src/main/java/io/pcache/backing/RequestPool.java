package io.pcache.backing;

import io.pcache.error.Invariants;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The requests that nobody uses. The last {@code reserved} ones are for write-back only.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class RequestPool {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition returned = lock.newCondition();
  private final BackingRequest[] free;
  private final int reserved;
  private int freeCount;

  RequestPool(int capacity, int reserved, Supplier<BackingRequest> factory) {
    this.free = new BackingRequest[capacity];
    this.reserved = reserved;
    while (freeCount < capacity) {
      free[freeCount++] = factory.get();
    }
  }

  /** Takes a request, or returns null where none is left for this purpose. */
  @Nullable BackingRequest poll(RequestPurpose purpose) {
    lock.lock();
    try {
      return mayTake(purpose) ? free[--freeCount] : null;
    } finally {
      lock.unlock();
    }
  }

  /** Sleeps until there may be a request for this purpose. */
  void awaitReturn(RequestPurpose purpose) {
    lock.lock();
    try {
      while (!mayTake(purpose)) {
        returned.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Puts a request back. One that was made beyond the pool's capacity is left to the collector once
   * the pool is full.
   */
  void put(BackingRequest request) {
    lock.lock();
    try {
      if (freeCount < free.length) {
        free[freeCount++] = request;
        returned.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean mayTake(RequestPurpose purpose) {
    Invariants.check(
        freeCount <= free.length, "the pool holds no more than its capacity", freeCount);
    return freeCount > (purpose == RequestPurpose.WRITE_BACK ? 0 : reserved);
  }
}
