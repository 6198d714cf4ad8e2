package io.pcache.backing;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A first-in, first-out queue of requests that are linked through themselves. It is unbounded and
 * allocates nothing. A request is in at most one queue at a time.
 *
 * <p>Thread-safety: all methods may be called from any thread. Passing a request through a queue
 * makes its fields visible to the taker.
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

  /** Takes the oldest request, or returns null if there is none. */
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
