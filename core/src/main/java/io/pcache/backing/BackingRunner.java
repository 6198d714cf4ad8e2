package io.pcache.backing;

import io.pcache.agent.Agent;

/**
 * Runs a backing device's work, on threads or step by step in the caller. A simulation implements
 * this to choose the order and time of every transfer and completion.
 */
public interface BackingRunner extends AutoCloseable {
  /** Receives the device's two agents. Called once, before all other methods. */
  void start(Agent submitWorker, Agent completionWorker);

  /**
   * Carries out one transfer, on this thread before it returns or on another one later. Each
   * transfer runs exactly once. Called by the submit worker.
   */
  void execute(Runnable transfer);

  /** Reports that the submit worker has work. Cheap; called from any thread. */
  void wakeSubmitWorker();

  /** Reports that the completion worker has work. Cheap; called from any thread. */
  void wakeCompletionWorker();

  /**
   * Does a piece of the awaited work if the runner has no threads. A thread that waits for a
   * request calls this before it sleeps.
   *
   * @return false if threads do the work and the caller may sleep; true if something was done and
   *     the caller should check again
   */
  boolean stepInCaller();

  /** Ends the threads, if any. Called once, when no request is in flight any more. */
  @Override
  void close();
}
