package io.pcache.agent;

/**
 * Background work in steps. An agent owns no thread: a runner calls {@link #doWork()} again and
 * again, from one thread at a time; a test or simulation calls it step by step.
 */
public interface Agent {
  /** Name for threads, logs and status, in kebab-case. */
  String name();

  /**
   * Does a bounded piece of work.
   *
   * @return how much was done in units of the agent's choosing; 0 means idle, and the runner waits
   *     before it asks again
   */
  int doWork();

  /**
   * How long the agent would rather not be woken for what is in no hurry, when it has worked and
   * has nothing more to do; 0 for not at all. It is stepped again when that time is over.
   */
  default long dozeNanos() {
    return 0;
  }
}
