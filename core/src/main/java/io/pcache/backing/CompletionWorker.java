package io.pcache.backing;

import io.pcache.agent.Agent;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs the callbacks of requests whose transfers are over. */
final class CompletionWorker implements Agent {
  /** Requests per step. */
  static final int BATCH = 64;

  private final RequestQueue completions;
  private final Consumer<BackingRequest> completion;
  private volatile @Nullable Thread stepping;

  CompletionWorker(RequestQueue completions, Consumer<BackingRequest> completion) {
    this.completions = completions;
    this.completion = completion;
  }

  @Override
  public String name() {
    return "backing-completion";
  }

  @Override
  public int doWork() {
    stepping = Thread.currentThread();
    try {
      return runBatch();
    } finally {
      stepping = null;
    }
  }

  private int runBatch() {
    int done = 0;
    BackingRequest request = completions.poll();
    while (request != null) {
      completion.accept(request);
      done++;
      request = done < BATCH ? completions.poll() : null;
    }
    return done;
  }

  /**
   * Whether the calling thread is inside a callback. A wait for another completion would never end
   * there.
   */
  boolean isRunningHere() {
    return Thread.currentThread().equals(stepping);
  }
}
