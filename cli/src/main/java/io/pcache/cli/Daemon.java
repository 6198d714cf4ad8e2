package io.pcache.cli;

import io.pcache.error.PcacheException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one cache until it is asked to stop.
 *
 * <p>Starts from the inside out (cache, front end) and stops from the outside in, so that no client
 * ever reaches something that is not there yet or no more; the control socket answers all the
 * while. What started is stopped also where a later part does not start. No wait of a stop goes on
 * while nothing moves.
 */
final class Daemon {
  private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

  private final Supplier<ServedCache> opener;
  private final Path controlSocket;
  private final FrontEnd.Starter frontEnd;
  private final ToIntFunction<ServedCache> beforeClose;
  private final Stopping stopping;
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
   * @param stopping how it stops
   * @param err where people are told what goes on
   */
  Daemon(
      Supplier<ServedCache> opener,
      Path controlSocket,
      FrontEnd.Starter frontEnd,
      ToIntFunction<ServedCache> beforeClose,
      Stopping stopping,
      PrintStream err) {
    this.opener = opener;
    this.controlSocket = controlSocket;
    this.frontEnd = frontEnd;
    this.beforeClose = beforeClose;
    this.stopping = stopping;
    this.err = err;
  }

  /**
   * Serves until the first stop request.
   *
   * @param stop the requests
   * @param started told where clients find the device, once they do
   * @return the exit code
   * @throws PcacheException where a device does not answer and the stop was given up, and for all
   *     that the cache's opener, its close and the front end throw
   */
  int run(StopRequests stop, Consumer<FrontEnd> started) throws IOException {
    ServedCache cache = opener.get();
    // The control socket goes last: a stop that takes its time can be asked about.
    try (Open control = new Open();
        Open served = new Open()) {
      served.closing = () -> stopping.during(() -> cache.close(stopping.patience()));
      CacheControl commands = new CacheControl(cache, this::clientsStatus, stopping::describe);
      ControlServer server = ControlServer.start(controlSocket, commands, stopping.patience());
      control.closing = () -> stopping.during(server::close);
      Thread.ofPlatform().daemon(true).name("pcache-control-first").start(() -> answer(commands));
      serve(cache, stop, started);
      return new LastReport(beforeClose, stopping, stop, err).applyAsInt(cache);
    }
  }

  /**
   * Answers nobody, before the first asker comes. Whoever is first would otherwise wait until the
   * classes for it are loaded and linked, for seconds on a busy machine.
   */
  private static void answer(ControlHandler commands) {
    try {
      byte[] request = ControlProtocol.encode(ControlRequest.STATUS);
      var _ =
          ControlProtocol.receive(
              new ByteArrayInputStream(request), ControlRequest.Received.class, request.length);
      var _ = ControlProtocol.encode(commands.handle(ControlRequest.STATUS));
    } catch (IOException | RuntimeException e) {
      LOG.debug("the first status of this daemon", e);
    }
  }

  private @Nullable ClientsStatus clientsStatus() {
    FrontEnd served = clients;
    return served == null ? null : served.clients();
  }

  private void serve(ServedCache cache, StopRequests stop, Consumer<FrontEnd> started) {
    FrontEnd served = frontEnd.start(cache.device());
    try {
      clients = served;
      started.accept(served);
      stop.first().join();
      err.println("pcache: stopping");
    } finally {
      stopping.begin(cache);
      stopping.during(() -> served.close(stopping.patience()));
    }
  }

  /** What has to be closed once it is there. */
  private static final class Open implements AutoCloseable {
    private Runnable closing = () -> {};

    @Override
    public void close() {
      closing.run();
    }
  }
}
