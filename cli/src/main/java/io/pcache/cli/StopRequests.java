package io.pcache.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How often the daemon was asked to stop: once means in order, twice means at once. A signal may
 * come by itself and through the launcher too: the two ways are counted apart, and the larger
 * number holds.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class StopRequests {
  private final AtomicInteger signals = new AtomicInteger();
  private final CompletableFuture<Void> first = new CompletableFuture<>();
  private final CompletableFuture<Void> second = new CompletableFuture<>();

  /** A signal has come. */
  void request() {
    requestedAtLeast(signals.incrementAndGet());
  }

  /** The launcher has been asked to stop that many times. */
  void requestedAtLeast(int times) {
    if (times >= 1) {
      first.complete(null);
    }
    if (times >= 2) {
      second.complete(null);
    }
  }

  /** Done once the daemon has been asked to stop. */
  CompletableFuture<Void> first() {
    return first;
  }

  /** Done once it has been asked again. */
  CompletableFuture<Void> second() {
    return second;
  }
}
