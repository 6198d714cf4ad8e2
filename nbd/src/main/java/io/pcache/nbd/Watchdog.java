package io.pcache.nbd;

import io.pcache.agent.Agent;
import io.pcache.agent.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Gives up clients that do harm by taking too long. A handshake has a limit. After it, a client may
 * stand still as long as it likes, unless others have waited too long for memory: then those that
 * stand still let go of theirs, the one that has done so longest first, and no more of them than it
 * takes.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class Watchdog implements Agent {
  private final Collection<Connection> connections;
  private final MemoryBudget budget;
  private final long stallNanos;
  private final Clock clock;

  /**
   * @param connections those open now; may change at any time
   * @param stallNanos how long others wait at least, and a client stands still at least
   */
  Watchdog(Collection<Connection> connections, MemoryBudget budget, long stallNanos, Clock clock) {
    this.connections = connections;
    this.budget = budget;
    this.stallNanos = stallNanos;
    this.clock = clock;
  }

  @Override
  public String name() {
    return "nbd-watchdog";
  }

  /** Always 0: there is nothing to do until some time has passed. */
  @Override
  public synchronized int doWork() {
    long now = clock.nanoTime();
    for (Connection connection : connections) {
      connection.look(now);
    }
    long missingBytes = budget.overdueBytes(stallNanos);
    if (missingBytes > 0) {
      free(missingBytes);
    }
    return 0;
  }

  private void free(long missingBytes) {
    long leftBytes = missingBytes;
    for (Connection connection : connections) {
      if (connection.isGivenUp()) {
        leftBytes -= connection.claimedBytes();
      }
    }
    List<Connection> stalled =
        connections.stream()
            .filter(connection -> connection.isStalled() && !connection.isGivenUp())
            .sorted(Comparator.comparingLong(Connection::stalledNanos).reversed())
            .toList();
    for (Connection connection : stalled) {
      long claimedBytes = connection.claimedBytes();
      if (leftBytes > 0 && claimedBytes > 0) {
        leftBytes -= claimedBytes;
        connection.cutOffForMemory();
      }
    }
  }
}
