package io.pcache.agent;

/**
 * Background work in steps. An agent owns no thread. A runner calls {@link #doWork()} repeatedly,
 * from one thread at a time. A test or simulation calls it step by step.
 */
public interface Agent {
  /** The name for threads, logs and status, in kebab-case. */
  String name();

  /**
   * Does a bounded piece of work.
   *
   * @return the amount of work done, in units that the agent chooses; 0 means idle, and the runner
   *     waits before the next step
   */
  int doWork();

  /**
   * How long the agent prefers not to be woken for work without urgency, in nanoseconds. It applies
   * when the agent has worked and has nothing more to do. After this time the agent is stepped
   * again. 0 means that the agent does not doze.
   */
  default long dozeNanos() {
    return 0;
  }
}
