package io.pcache.backing;

import io.pcache.agent.Agent;

/**
 * Who does a backing device's work: threads, or the caller step by step. A simulation implements
 * this to choose order and time of every transfer and completion itself.
 */
public interface BackingRunner extends AutoCloseable {
  /** Takes the device's two agents. Called once, before anything else. */
  void start(Agent submitWorker, Agent completionWorker);

  /**
   * Carries out one transfer, on this thread before it returns or on another later; each transfer
   * exactly once. Called by the submit worker.
   */
  void execute(Runnable transfer);

  /** The submit worker has something to do. Cheap; called from any thread. */
  void wakeSubmitWorker();

  /** The completion worker has something to do. Cheap; called from any thread. */
  void wakeCompletionWorker();

  /**
   * Called by a thread that waits for a request to finish, before it sleeps. A runner without
   * threads of its own does a piece of the work that is waited for.
   *
   * @return false where threads do the work and the caller may sleep; true where something was done
   *     and it should look again
   */
  boolean stepInCaller();

  /** Ends the threads, if any. Called once, when nothing is in flight any more. */
  @Override
  void close();
}
