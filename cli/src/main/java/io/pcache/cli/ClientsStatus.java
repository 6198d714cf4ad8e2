package io.pcache.cli;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who uses a served device, and who was sent away.
 *
 * @param connected clients connected now
 * @param limit how many may be
 * @param served clients that were served since the start, those connected included
 * @param requestsInFlight requests of all clients that were taken and not answered yet
 * @param bytesInFlight memory those requests hold
 * @param standingStill clients that stand still in the middle of a message
 * @param memoryWaiters requests that wait for the memory that all clients share
 * @param socketBufferBytes memory that connections receive into and send from
 * @param connections those connected, the oldest first; where there are hundreds, not all of them
 * @param refused clients that were not let in since the start, by reason
 * @param cutOff clients that the daemon gave up since the start, by reason
 */
record ClientsStatus(
    int connected,
    int limit,
    long served,
    int requestsInFlight,
    long bytesInFlight,
    int standingStill,
    int memoryWaiters,
    long socketBufferBytes,
    List<Client> connections,
    Map<String, Long> refused,
    Map<String, Long> cutOff) {
  /** Refuses what comes from another process with something missing. */
  ClientsStatus {
    for (Client client : Objects.requireNonNull(connections, "connections")) {
      Objects.requireNonNull(client, "connections");
    }
    connections = List.copyOf(connections);
    refused = sorted(refused, "refused");
    cutOff = sorted(cutOff, "cutOff");
  }

  private static Map<String, Long> sorted(Map<String, Long> counts, String name) {
    Map<String, Long> sorted = new TreeMap<>();
    Objects.requireNonNull(counts, name)
        .forEach((reason, count) -> sorted.put(reason, Objects.requireNonNull(count, name)));
    return sorted;
  }

  /**
   * A client that is connected.
   *
   * @param peer the connection as the log names it
   * @param user name of the user whose process connected, or its number; null where the system does
   *     not tell
   * @param export what it uses; null until the handshake is over
   * @param sinceEpochMillis when it connected
   * @param requestsInFlight requests taken and not answered yet
   * @param bytesInFlight memory those requests hold
   */
  record Client(
      String peer,
      @Nullable String user,
      @Nullable String export,
      long sinceEpochMillis,
      int requestsInFlight,
      long bytesInFlight) {
    Client {
      Objects.requireNonNull(peer, "peer");
    }
  }
}
