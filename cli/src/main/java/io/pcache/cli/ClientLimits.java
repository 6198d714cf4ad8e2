package io.pcache.cli;

import io.pcache.nbd.NbdServerOptions;
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

  /** Takes them over into the options of a server. */
  void applyTo(NbdServerOptions.Builder options) {
    options.maxConnections(maxConnections);
  }
}
