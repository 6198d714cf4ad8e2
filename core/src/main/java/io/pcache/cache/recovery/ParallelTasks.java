package io.pcache.cache.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Runs tasks at the same time. Thread-safety: any thread. */
final class ParallelTasks {
  private ParallelTasks() {}

  /**
   * Runs the first task on the calling thread and each of the others on its own thread. Returns
   * when all have ended.
   *
   * @throws RuntimeException the exception, or {@link Error}, of the first task in the list that
   *     failed
   */
  static void run(List<? extends Runnable> tasks) {
    List<CompletableFuture<Void>> others = new ArrayList<>();
    try {
      for (Runnable task : tasks.subList(1, tasks.size())) {
        others.add(CompletableFuture.runAsync(task, ParallelTasks::startThread));
      }
      tasks.getFirst().run();
    } finally {
      // Wait even after a failure: the caller may close resources that the tasks use.
      awaitAll(others);
    }
    others.forEach(ParallelTasks::rethrow);
  }

  private static void startThread(Runnable task) {
    Thread.ofPlatform().daemon(true).name("pcache-recovery").start(task);
  }

  private static void awaitAll(List<CompletableFuture<Void>> others) {
    var all = CompletableFuture.allOf(others.toArray(CompletableFuture<?>[]::new));
    var _ = all.handle((nothing, failure) -> failure).join();
  }

  private static void rethrow(CompletableFuture<Void> ended) {
    if (ended.state() == CompletableFuture.State.FAILED) {
      Throwable failure = ended.exceptionNow();
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
    }
  }
}
