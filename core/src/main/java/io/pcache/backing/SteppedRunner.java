package io.pcache.backing;

import io.pcache.agent.Agent;
import io.pcache.error.Invariants;
import org.jspecify.annotations.Nullable;

/**
 * Runs a backing device without threads. A step of the submit worker carries out its transfers
 * before it returns. A caller that would have to wait steps both workers instead.
 *
 * <p>Thread-safety: one thread uses both the device and this runner.
 */
public final class SteppedRunner implements BackingRunner {
  private @Nullable Agent submitWorker;
  private @Nullable Agent completionWorker;

  /** Creates a runner for one device. */
  public SteppedRunner() {}

  @Override
  public void start(Agent newSubmitWorker, Agent newCompletionWorker) {
    submitWorker = newSubmitWorker;
    completionWorker = newCompletionWorker;
  }

  @Override
  public void execute(Runnable transfer) {
    transfer.run();
  }

  @Override
  public void wakeSubmitWorker() {
    // No thread sleeps.
  }

  @Override
  public void wakeCompletionWorker() {
    // No thread sleeps.
  }

  @Override
  public boolean stepInCaller() {
    int done = step(submitWorker) + step(completionWorker);
    Invariants.check(
        done > 0, "whoever waits for a backing request has submitted the requests that it holds");
    return true;
  }

  private static int step(@Nullable Agent agent) {
    return agent == null ? 0 : agent.doWork();
  }

  @Override
  public void close() {
    // There is no thread to end.
  }
}
