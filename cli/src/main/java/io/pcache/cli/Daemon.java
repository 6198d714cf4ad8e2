package io.pcache.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Serves one cache until it is asked to stop.
 *
 * <p>Starts from the inside out (cache, control socket, front end) and stops from the outside in,
 * so that no client ever reaches something that is not there yet or no more. What started is
 * stopped also where a later part does not start.
 */
final class Daemon {
  private final Supplier<ServedCache> opener;
  private final Path controlSocket;
  private final FrontEnd.Starter frontEnd;
  private final ToIntFunction<ServedCache> beforeClose;
  private final PrintStream err;

  /** Known once clients can come. */
  private volatile @Nullable FrontEnd clients;

  /**
   * Prepares a daemon.
   *
   * @param opener opens the cache
   * @param controlSocket where to make its control socket
   * @param frontEnd starts to serve it
   * @param beforeClose what to do after the last client is gone and before the cache is closed; its
   *     result is the exit code
   * @param err where people are told what goes on
   */
  Daemon(
      Supplier<ServedCache> opener,
      Path controlSocket,
      FrontEnd.Starter frontEnd,
      ToIntFunction<ServedCache> beforeClose,
      PrintStream err) {
    this.opener = opener;
    this.controlSocket = controlSocket;
    this.frontEnd = frontEnd;
    this.beforeClose = beforeClose;
    this.err = err;
  }

  /**
   * Serves until the first stop request.
   *
   * @param stop the requests
   * @param started told where clients find the device, once they do
   * @return the exit code
   */
  int run(StopRequests stop, Consumer<FrontEnd> started) throws IOException {
    try (ServedCache cache = opener.get();
        ControlServer _ =
            ControlServer.start(controlSocket, new CacheControl(cache, this::clientsStatus))) {
      try (FrontEnd served = frontEnd.start(cache.device())) {
        clients = served;
        started.accept(served);
        stop.first().join();
        err.println("pcache: stopping");
      }
      int exitCode = beforeClose.applyAsInt(cache);
      Remainder remainder = new Remainder(cache.status());
      remainder.lines().forEach(this::say);
      if (remainder.endsWithProcess()) {
        awaitSecondRequest(stop);
        return remainder.lossExitCode();
      }
      return exitCode;
    }
  }

  private @Nullable ClientsStatus clientsStatus() {
    FrontEnd served = clients;
    return served == null ? null : served.clients();
  }

  /** What nobody else has is given up only when asked for twice: until then it can be copied. */
  private void awaitSecondRequest(StopRequests stop) {
    say("waiting so that it can be copied; asking to stop once more ends this process, and it");
    stop.second().join();
  }

  private void say(String line) {
    err.println(Printable.line("pcache: " + line));
  }
}
