package io.pcache.backing;

import io.pcache.error.Invariants;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The free requests. The last {@code reserved} of them are for write-back only.
 *
 * <p>Thread-safety: all methods may be called from any thread.
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

  /** Takes a request, or returns null if none is left for this purpose. */
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
   * Returns a request to the pool. If the pool is full, because requests were created beyond its
   * capacity, the request is left to the garbage collector.
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
