package io.pcache.cli;

import io.pcache.PcacheStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** What a daemon in another process says of itself. */
final class RunningDaemon {
  private RunningDaemon() {}

  /**
   * Asks it.
   *
   * @param cache the cache file that it serves
   */
  static PcacheStatus status(Path cache) throws IOException {
    Path socket =
        SocketPlaces.ofThisMachine().of(cache, SocketPlaces.CONTROL_SUFFIX).stream()
            .filter(Files::exists)
            .findFirst()
            .orElseThrow();
    return Objects.requireNonNull(new ControlClient(socket).call(ControlRequest.STATUS).status());
  }
}
