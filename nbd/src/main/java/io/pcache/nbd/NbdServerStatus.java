package io.pcache.nbd;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a server is doing, each number a snapshot of its own.
 *
 * @param connectionsOpen connections open now, those in the handshake included
 * @param maxConnections how many may be
 * @param connectionsAccepted connections served since the start
 * @param dismissals clients sent away since the start, for every reason
 * @param requestsInFlight requests taken and not answered yet
 * @param payloadBytesInFlight buffer bytes those requests hold
 * @param standingStill clients that are known to stand still in the middle of a message
 * @param memoryWaiters requests that wait for the memory that all clients share
 * @param socketBufferBytes bytes in buffers that connections receive into and send from
 * @param connections those open now, the oldest first; not more than {@link #MAX_LISTED}
 */
public record NbdServerStatus(
    int connectionsOpen,
    int maxConnections,
    long connectionsAccepted,
    Map<Dismissal, Long> dismissals,
    int requestsInFlight,
    long payloadBytesInFlight,
    int standingStill,
    int memoryWaiters,
    long socketBufferBytes,
    List<ConnectionStatus> connections) {
  /** How many connections are listed at most. */
  public static final int MAX_LISTED = 200;

  /** Keeps copies. */
  public NbdServerStatus {
    dismissals = Map.copyOf(dismissals);
    connections = List.copyOf(connections);
  }

  /** Clients that were not let in, for each reason that occurred. */
  public Map<Dismissal, Long> refused() {
    return dismissed(Dismissal::isRefusal);
  }

  /** Clients that were cut off, for each reason that occurred: rubbish, time-outs, failures. */
  public Map<Dismissal, Long> cutOff() {
    return dismissed(why -> !why.isRefusal());
  }

  private Map<Dismissal, Long> dismissed(Predicate<Dismissal> which) {
    return dismissals.entrySet().stream()
        .filter(entry -> which.test(entry.getKey()) && entry.getValue() > 0)
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
