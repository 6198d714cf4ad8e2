package io.pcache.block;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Runs the completions of one thread one after another. A completion may submit a request that
 * completes at once. The next completion then does not nest, but runs after the current one has
 * returned. So a chain of any length takes no more stack than one completion.
 *
 * <p>Not thread-safe: each thread has its own instance.
 */
final class Completions {
  private static final ThreadLocal<Completions> LOCAL = ThreadLocal.withInitial(Completions::new);

  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean running;

  /** Runs a completion now, or after the one that is running on this thread. */
  static void run(Runnable completion) {
    Completions completions = LOCAL.get();
    if (completions.running) {
      completions.waiting.addLast(completion);
    } else {
      completions.runAll(completion);
    }
  }

  private void runAll(Runnable first) {
    running = true;
    try {
      Throwable thrown = null;
      for (Runnable next = first; next != null; next = waiting.pollFirst()) {
        thrown = runOne(next, thrown);
      }
      rethrow(thrown);
    } finally {
      running = false;
    }
  }

  /**
   * Runs one completion. No completion should throw. If one does, the others still run, and the
   * first exception is rethrown at the end.
   */
  private static @Nullable Throwable runOne(Runnable completion, @Nullable Throwable earlier) {
    try {
      completion.run();
      return earlier;
    } catch (RuntimeException | Error e) {
      return earlier == null ? e : earlier;
    }
  }

  private static void rethrow(@Nullable Throwable thrown) {
    switch (thrown) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(thrown);
    }
  }
}
