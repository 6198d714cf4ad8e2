package io.pcache.agent;

import org.jspecify.annotations.Nullable;

/**
 * How one part of the engine asks for an agent's attention without knowing what runs it. Before a
 * thread is attached, and after it is gone, a wake-up does nothing: whoever steps the agent by hand
 * sees the work by itself.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class Wakeup {
  private volatile @Nullable AgentThread thread;

  /** Directs wake-ups to a thread. */
  void attach(AgentThread newThread) {
    thread = newThread;
  }

  /** Asks for a step soon. */
  public void wake() {
    AgentThread current = thread;
    if (current != null) {
      current.wake();
    }
  }

  /** Asks for a step that is in no hurry: where the agent has just worked, it may doze before. */
  public void wakeSoon() {
    AgentThread current = thread;
    if (current != null) {
      current.wakeSoon();
    }
  }
}
