package io.pcache.cli;

import io.pcache.nbd.NbdServerOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/** What {@code serve} allows its clients, as options. */
final class ClientLimits {
  @Option(
      names = "--max-connections",
      paramLabel = "N",
      converter = ConnectionCount.class,
      defaultValue = "" + NbdServerOptions.DEFAULT_MAX_CONNECTIONS,
      description =
          "Clients that may be connected at the same time, 1 to 10000; more are turned away."
              + " Default: ${DEFAULT-VALUE}. Each takes up to 2 MiB of memory for itself alone.")
  private int maxConnections;

  @Option(
      names = "--handshake-timeout",
      paramLabel = "SECONDS",
      converter = Seconds.class,
      description = "How long a client may take for its handshake, 1 to 3600. Default: 10.")
  private Duration handshakeTimeout = NbdServerOptions.DEFAULT_HANDSHAKE_TIMEOUT;

  @Option(
      names = "--stall-timeout",
      paramLabel = "SECONDS",
      converter = Seconds.class,
      description =
          "How long a client may stand still in the middle of a request or reply while others wait"
              + " for memory, 1 to 3600. Default: 5. A client that nobody waits for is kept.")
  private Duration stallTimeout = NbdServerOptions.DEFAULT_STALL_TIMEOUT;

  @Option(
      names = "--request-memory",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Memory that all clients share for requests in flight, at least 32 MiB. Default: 256 MiB."
              + " Each has 1 MiB for itself alone beside it.")
  private long requestMemoryBytes = NbdServerOptions.DEFAULT_MAX_BYTES;

  /** Takes them over into the options of a server. */
  void applyTo(NbdServerOptions.Builder options) {
    options
        .maxConnections(maxConnections)
        .handshakeTimeout(handshakeTimeout)
        .stallTimeout(stallTimeout)
        .maxBytes(requestMemoryBytes);
  }
}
