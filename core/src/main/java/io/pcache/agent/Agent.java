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
}
