package io.pcache.backing;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Requests in order, linked through themselves: it never runs out of room and allocates nothing. A
 * request is in at most one queue at a time.
 *
 * <p>Thread-safety: all methods from any thread. Handing a request through a queue makes its fields
 * visible to the taker.
 */
final class RequestQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable BackingRequest first;
  private @Nullable BackingRequest last;

  void add(BackingRequest request) {
    lock.lock();
    try {
      if (last == null) {
        first = request;
      } else {
        last.linkNext(request);
      }
      last = request;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the oldest, or null. */
  @Nullable BackingRequest poll() {
    lock.lock();
    try {
      BackingRequest taken = first;
      if (taken != null) {
        first = taken.unlinkNext();
        last = first == null ? null : last;
      }
      return taken;
    } finally {
      lock.unlock();
    }
  }
}
