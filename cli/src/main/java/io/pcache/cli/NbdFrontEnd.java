package io.pcache.cli;

import io.pcache.agent.Patience;
import io.pcache.nbd.ConnectionStatus;
import io.pcache.nbd.Dismissal;
import io.pcache.nbd.NbdServer;
import io.pcache.nbd.NbdServerOptions;
import io.pcache.nbd.NbdServerStatus;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The NBD server as a front end.
 *
 * @param server the running server
 */
record NbdFrontEnd(NbdServer server) implements FrontEnd {
  /**
   * Checks the addresses now, so that a wrong one is told before a cache is opened.
   *
   * @param listen addresses as {@code --listen} takes them, at least one
   * @param export the export's name, may be empty
   */
  static FrontEnd.Starter starter(List<String> listen, String export, ClientLimits limits) {
    NbdServerOptions.Builder options = NbdServerOptions.builder();
    limits.applyTo(options);
    listen.forEach(options::listen);
    NbdServerOptions checked = options.build();
    return device -> new NbdFrontEnd(NbdServer.start(checked, Map.of(export, device)));
  }

  @Override
  public List<String> uris() {
    return server.uris();
  }

  @Override
  public ClientsStatus clients() {
    NbdServerStatus status = server.status();
    return new ClientsStatus(
        status.connectionsOpen(),
        status.maxConnections(),
        status.connectionsAccepted(),
        status.requestsInFlight(),
        status.payloadBytesInFlight(),
        status.standingStill(),
        status.memoryWaiters(),
        status.socketBufferBytes(),
        status.connections().stream().map(NbdFrontEnd::client).toList(),
        labelled(status.refused()),
        labelled(status.cutOff()));
  }

  private static ClientsStatus.Client client(ConnectionStatus connection) {
    return new ClientsStatus.Client(
        connection.peer(),
        connection.user(),
        connection.export(),
        connection.sinceEpochMillis(),
        connection.requestsInFlight(),
        connection.bytesInFlight());
  }

  private static Map<String, Long> labelled(Map<Dismissal, Long> counts) {
    return counts.entrySet().stream()
        .collect(Collectors.toMap(entry -> entry.getKey().label(), Map.Entry::getValue));
  }

  @Override
  public void close(Patience patience) {
    server.close(patience);
  }
}
