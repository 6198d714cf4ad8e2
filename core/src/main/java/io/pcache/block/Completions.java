package io.pcache.block;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Runs completions of one thread one after the other: a completion that submits a request which is
 * complete at once does not nest the next completion in itself, but leaves it to be run when it has
 * returned. So chains of any length need no stack.
 *
 * <p>Not thread-safe: each thread has its own.
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

  /** A completion that throws, which none should, keeps no other from running. */
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
