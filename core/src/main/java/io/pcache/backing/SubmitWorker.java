package io.pcache.backing;

import io.pcache.agent.Agent;

/** Takes requests off the submit queue in batches and passes their transfers to the runner. */
final class SubmitWorker implements Agent {
  /** Requests per step. */
  static final int BATCH = 32;

  private final RequestQueue submissions;
  private final BackingRunner runner;

  SubmitWorker(RequestQueue submissions, BackingRunner runner) {
    this.submissions = submissions;
    this.runner = runner;
  }

  @Override
  public String name() {
    return "backing-submit";
  }

  @Override
  public int doWork() {
    int done = 0;
    BackingRequest request = submissions.poll();
    while (request != null) {
      runner.execute(request.transfer());
      done++;
      request = done < BATCH ? submissions.poll() : null;
    }
    return done;
  }
}
