package io.pcache.cli;

import io.pcache.PcacheStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What a daemon in another process says of itself. */
final class RunningDaemon {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

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
    return ask(socket, ControlRequest.STATUS).requireStatus();
  }

  /** Asks on a control socket, with the patience that a busy machine needs. */
  static ControlReply ask(Path socket, ControlRequest request) throws IOException {
    AnswerLimit limit = new AnswerLimit(PATIENCE);
    return limit.run(() -> new ControlClient(socket, null, limit).call(request));
  }
}
