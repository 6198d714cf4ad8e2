package io.pcache.cache.pace;

import io.pcache.agent.Wakeup;

/**
 * The wake-ups by which the agents of a cache wake each other.
 *
 * @param committer makes staged keys durable
 * @param writeback copies dirty data to the backing device
 * @param reclaimer frees segments
 * @param writeQueue continues waiting writes
 */
public record AgentWakeups(
    Wakeup committer, Wakeup writeback, Wakeup reclaimer, Wakeup writeQueue) {
  /** Creates wake-ups for agents that have no threads yet. */
  public AgentWakeups() {
    this(new Wakeup(), new Wakeup(), new Wakeup(), new Wakeup());
  }
}
