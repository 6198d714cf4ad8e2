package io.pcache.cli;

import io.pcache.error.PcacheException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what is asked of a daemon, on a unix socket that only its own user may open.
 *
 * <p>Each connection has a virtual thread, so one that never sends its request holds up nobody.
 */
final class ControlServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

  private final Path path;
  private final ServerSocketChannel listener;
  private final ControlHandler handler;
  private final ExecutorService connections = Executors.newVirtualThreadPerTaskExecutor();

  private ControlServer(Path path, ServerSocketChannel listener, ControlHandler handler) {
    this.path = path;
    this.listener = listener;
    this.handler = handler;
  }

  /**
   * Starts to answer. A socket that is there already is replaced: the caller holds the cache's
   * lock, so nobody serves on it any more.
   *
   * @throws IOException where no socket can be made there
   */
  static ControlServer start(Path path, ControlHandler handler) throws IOException {
    ControlServer server = new ControlServer(path, listenOn(path), handler);
    Thread.ofVirtual().name("pcache-control").start(server::acceptAll);
    return server;
  }

  /**
   * Binds in a folder that nobody else may enter, so that the socket is never open to others, then
   * moves it into place.
   */
  private static ServerSocketChannel listenOn(Path path) throws IOException {
    refuseToReplaceOtherThanSocket(path);
    Path folder = Files.createTempDirectory(path.toAbsolutePath().getParent(), ".pcache");
    Path unfinished = folder.resolve("s");
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(unfinished));
      Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-------"));
      Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
      return listener;
    } catch (IOException | RuntimeException e) {
      listener.close();
      throw e;
    } finally {
      Files.deleteIfExists(unfinished);
      Files.delete(folder);
    }
  }

  private static void refuseToReplaceOtherThanSocket(Path path) throws IOException {
    if (Files.isRegularFile(path) || Files.isDirectory(path)) {
      throw new IOException(
          path + " is not a socket and stands where the control socket belongs; move it away");
    }
  }

  private void acceptAll() {
    while (listener.isOpen()) {
      try {
        SocketChannel connection = listener.accept();
        connections.execute(() -> answer(connection));
      } catch (IOException e) {
        if (listener.isOpen()) {
          LOG.warn("control socket {}: {}", path, e.toString());
        }
      }
    }
  }

  private void answer(SocketChannel connection) {
    try (connection) {
      ControlRequest request =
          ControlProtocol.receive(
              new BufferedInputStream(Channels.newInputStream(connection)), ControlRequest.class);
      ControlProtocol.send(Channels.newOutputStream(connection), reply(request));
    } catch (IOException e) {
      LOG.debug("control socket {}: {}", path, e.toString());
    }
  }

  private ControlReply reply(ControlRequest request) {
    try {
      return handler.handle(request);
    } catch (PcacheException e) {
      return ControlReply.failure(e);
    } catch (RuntimeException e) {
      LOG.error("control request {} failed", request.command(), e);
      return ControlReply.failure("unexpected: " + e + "; the daemon's log says more");
    }
  }

  /** Stops to answer and takes the socket away. */
  @Override
  public void close() {
    try {
      listener.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot take away the control socket " + path, e);
    } finally {
      connections.shutdownNow();
    }
  }
}
