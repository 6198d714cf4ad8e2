package io.pcache.backing;

import io.pcache.agent.Agent;
import io.pcache.agent.AgentThread;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs a backing device in production. Each worker has a thread, and a fixed number of threads
 * carry out transfers.
 *
 * <p>Thread-safety: see {@link BackingRunner}.
 */
final class ThreadedRunner implements BackingRunner {
  /** Both workers are woken when there is work. This only limits the harm of a lost wake-up. */
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ThreadPoolExecutor transferThreads;
  private volatile @Nullable AgentThread submitThread;
  private volatile @Nullable AgentThread completionThread;

  ThreadedRunner(BackingOptions options) {
    transferThreads =
        new ThreadPoolExecutor(
            options.transferThreads(),
            options.transferThreads(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(options.requests()),
            Thread.ofPlatform().daemon(true).name("pcache-backing-io-", 0).factory(),
            // Requests beyond the pool can overfill the queue. The submit worker then runs them
            // itself.
            new ThreadPoolExecutor.CallerRunsPolicy());
  }

  @Override
  public void start(Agent submitWorker, Agent completionWorker) {
    // All at once, so that a process at its thread limit fails here and not within a request.
    var _ = transferThreads.prestartAllCoreThreads();
    submitThread = AgentThread.start(submitWorker, IDLE_NANOS);
    completionThread = AgentThread.start(completionWorker, IDLE_NANOS);
  }

  @Override
  public void execute(Runnable transfer) {
    transferThreads.execute(transfer);
  }

  @Override
  public void wakeSubmitWorker() {
    wake(submitThread);
  }

  @Override
  public void wakeCompletionWorker() {
    wake(completionThread);
  }

  private static void wake(@Nullable AgentThread thread) {
    if (thread != null) {
      thread.wake();
    }
  }

  @Override
  public boolean stepInCaller() {
    return false;
  }

  @Override
  public void close() {
    close(submitThread);
    close(completionThread);
    transferThreads.close();
  }

  private static void close(@Nullable AgentThread thread) {
    if (thread != null) {
      thread.close();
    }
  }
}
