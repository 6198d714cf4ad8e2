package io.pcache.cli;

import java.util.concurrent.CompletableFuture;

/**
 * How often the daemon was asked to stop: once means in order, once more means without long work.
 * Thread-safe.
 */
final class StopRequests {
  private final CompletableFuture<Void> first = new CompletableFuture<>();
  private final CompletableFuture<Void> second = new CompletableFuture<>();

  /** Asks to stop. */
  void request() {
    if (!first.complete(null)) {
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
