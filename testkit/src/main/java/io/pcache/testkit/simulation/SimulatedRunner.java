package io.pcache.testkit.simulation;

import io.pcache.agent.Agent;
import io.pcache.backing.BackingRunner;
import io.pcache.error.Invariants;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Carries transfers out one by one, in any order and after any time, as the simulation steps it.
 *
 * <p>Thread-safety: none.
 */
final class SimulatedRunner implements BackingRunner {
  private final RandomGenerator random;
  private final List<Runnable> pending = new ArrayList<>();
  private @Nullable Agent submitWorker;
  private @Nullable Agent completionWorker;

  SimulatedRunner(RandomGenerator random) {
    this.random = random;
  }

  @Override
  public void start(Agent newSubmitWorker, Agent newCompletionWorker) {
    submitWorker = newSubmitWorker;
    completionWorker = newCompletionWorker;
  }

  @Override
  public void execute(Runnable transfer) {
    pending.add(transfer);
  }

  /** Carries out one transfer that chance picks. Returns how many: 0 where there is none. */
  int transferOne() {
    if (pending.isEmpty()) {
      return 0;
    }
    int last = pending.size() - 1;
    int chosen = random.nextInt(pending.size());
    Runnable transfer = pending.set(chosen, pending.get(last));
    pending.remove(last);
    transfer.run();
    return 1;
  }

  @Override
  public void wakeSubmitWorker() {
    // Nobody sleeps.
  }

  @Override
  public void wakeCompletionWorker() {
    // Nobody sleeps.
  }

  @Override
  public boolean stepInCaller() {
    int done = step(submitWorker) + transferOne() + step(completionWorker);
    Invariants.check(
        done > 0, "whoever waits for a backing request has submitted the requests that it holds");
    return true;
  }

  private static int step(@Nullable Agent agent) {
    return agent == null ? 0 : agent.doWork();
  }

  @Override
  public void close() {
    // Nothing to end.
  }
}
