package io.pcache.nbd;

import io.pcache.agent.Agent;
import io.pcache.agent.Clock;
import java.util.Collection;

/** Drops clients that take too long. */
final class Watchdog implements Agent {
  private final Collection<Connection> connections;
  private final Clock clock;

  /**
   * @param connections those open now; may change at any time
   */
  Watchdog(Collection<Connection> connections, Clock clock) {
    this.connections = connections;
    this.clock = clock;
  }

  @Override
  public String name() {
    return "nbd-watchdog";
  }

  /** Always 0: there is nothing to do until some time has passed. */
  @Override
  public int doWork() {
    long now = clock.nanoTime();
    for (Connection connection : connections) {
      connection.enforceTimeouts(now);
    }
    return 0;
  }
}
