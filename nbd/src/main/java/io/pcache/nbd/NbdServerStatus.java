package io.pcache.nbd;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What a server is doing, each number a snapshot of its own.
 *
 * @param connectionsOpen connections open now, those in the handshake included
 * @param maxConnections how many may be
 * @param connectionsAccepted connections served since the start
 * @param dismissals clients sent away since the start, for every reason
 * @param requestsInFlight requests taken and not answered yet
 * @param payloadBytesInFlight buffer bytes those requests hold
 * @param connections those open now, the oldest first; not more than {@link #MAX_LISTED}
 */
public record NbdServerStatus(
    int connectionsOpen,
    int maxConnections,
    long connectionsAccepted,
    Map<Dismissal, Long> dismissals,
    int requestsInFlight,
    long payloadBytesInFlight,
    List<ConnectionStatus> connections) {
  /** How many connections are listed at most. */
  public static final int MAX_LISTED = 200;

  /** Keeps copies. */
  public NbdServerStatus {
    dismissals = Map.copyOf(dismissals);
    connections = List.copyOf(connections);
  }

  /** Clients that were not let in. */
  public long connectionsRefused() {
    return sum(Dismissal::isRefusal);
  }

  /** Clients that were cut off: rubbish, time-outs, failures. */
  public long connectionsDropped() {
    return sum(why -> !why.isRefusal());
  }

  /** Clients that were sent away for a reason. */
  public long dismissed(Dismissal why) {
    return dismissals.getOrDefault(why, 0L);
  }

  private long sum(Predicate<Dismissal> which) {
    return dismissals.keySet().stream().filter(which).mapToLong(this::dismissed).sum();
  }
}
