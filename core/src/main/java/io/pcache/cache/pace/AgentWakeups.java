package io.pcache.cache.pace;

import io.pcache.agent.Wakeup;

/**
 * How the agents of a cache wake each other.
 *
 * @param committer makes staged keys durable
 * @param writeback brings data to the backing device
 * @param reclaimer frees segments
 * @param writeQueue carries on what had to wait
 */
public record AgentWakeups(
    Wakeup committer, Wakeup writeback, Wakeup reclaimer, Wakeup writeQueue) {
  /** Of agents that have no threads yet. */
  public AgentWakeups() {
    this(new Wakeup(), new Wakeup(), new Wakeup(), new Wakeup());
  }
}
