package io.pcache.cli;

import io.pcache.nbd.NbdServer;
import io.pcache.nbd.NbdServerOptions;
import java.util.List;
import java.util.Map;

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
  public void close() {
    server.close();
  }
}
