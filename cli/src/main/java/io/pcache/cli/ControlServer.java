package io.pcache.cli;

import io.pcache.agent.SystemClock;
import io.pcache.error.BadOptionException;
import io.pcache.error.PcacheException;
import io.pcache.nbd.AcceptLoop;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what is asked of a daemon, on a unix socket that only its own user may open. Root and
 * that user are answered, nobody else.
 *
 * <p>Each connection has a thread. One that does not send its request in time, or does not take its
 * reply, is closed. So many are held at once; more wait until one of them ends.
 */
final class ControlServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

  private static final int MAX_CONNECTIONS = 64;

  /** For a request to come, and again for a reply to be taken. */
  private static final long LIMIT_SECONDS = 10;

  private static final long UNIQUE_MASK = (1L << 36) - 1;

  private final Path path;
  private final ServerSocketChannel listener;
  private final String ownSocket;
  private final ControlHandler handler;
  private final Set<UserPrincipal> users = PeerUser.allowedToAsk();
  private final Semaphore places = new Semaphore(MAX_CONNECTIONS);
  private final ExecutorService connections =
      Executors.newThreadPerTaskExecutor(threads("pcache-control-"));
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(threads("pcache-control-deadlines-"));

  private ControlServer(Path path, ServerSocketChannel listener, ControlHandler handler)
      throws IOException {
    this.path = path;
    this.listener = listener;
    this.ownSocket = fileKey(path);
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
    AcceptLoop loop =
        new AcceptLoop(
            "control socket " + path, server.listener, server::take, SystemClock.INSTANCE);
    Thread.ofPlatform().daemon(true).name("pcache-control").start(loop::run);
    return server;
  }

  private static ThreadFactory threads(String name) {
    return Thread.ofPlatform().daemon(true).name(name, 0).factory();
  }

  /**
   * Binds in a folder that nobody else may enter, so that the socket is never open to others, then
   * moves it into place.
   */
  private static ServerSocketChannel listenOn(Path path) throws IOException {
    refuseToReplaceOtherThanSocket(path);
    Path folder =
        Files.createDirectory(
            path.toAbsolutePath().resolveSibling("." + shortUniqueName()),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
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

  /** Short, because a socket's whole path has at most 107 bytes. */
  private static String shortUniqueName() {
    return Long.toString(
        UUID.randomUUID().getMostSignificantBits() & UNIQUE_MASK, Character.MAX_RADIX);
  }

  private void take(SocketChannel connection) {
    places.acquireUninterruptibly();
    boolean started = false;
    try {
      connections.execute(() -> answer(connection));
      started = true;
    } catch (RejectedExecutionException e) {
      close(connection); // The server was closed just now.
    } finally {
      if (!started) {
        places.release();
      }
    }
  }

  private void answer(SocketChannel connection) {
    try (connection) {
      ControlReply reply = replyTo(connection);
      Future<?> deadline = closeInTime(connection);
      try {
        Channels.newOutputStream(connection).write(ControlProtocol.encode(reply));
      } finally {
        deadline.cancel(false);
      }
    } catch (IOException | RejectedExecutionException e) {
      LOG.debug("control socket {}: {}", path, e.toString());
    } finally {
      places.release();
    }
  }

  private ControlReply replyTo(SocketChannel connection) throws IOException {
    UserPrincipal peer = PeerUser.of(connection);
    if (!users.contains(peer)) {
      LOG.info("control socket {}: user {} was not answered", path, peer.getName());
      return ControlReply.failure("this daemon answers root and its own user, nobody else");
    }
    ControlRequest request;
    Future<?> deadline = closeInTime(connection);
    try {
      request =
          ControlProtocol.receive(
                  new BufferedInputStream(Channels.newInputStream(connection)),
                  ControlRequest.Received.class)
              .checked();
    } catch (MalformedMessageException e) {
      return ControlReply.failure(new BadOptionException(String.valueOf(e.getMessage())));
    } finally {
      deadline.cancel(false);
    }
    return reply(request);
  }

  private Future<?> closeInTime(SocketChannel connection) {
    return deadlines.schedule(() -> close(connection), LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  private void close(SocketChannel connection) {
    try {
      connection.close();
      LOG.debug("control socket {}: a client took over {} s", path, LIMIT_SECONDS);
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

  private static String fileKey(Path path) throws IOException {
    try {
      return String.valueOf(
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
              .fileKey());
    } catch (NoSuchFileException e) {
      return "none";
    }
  }

  /**
   * Stops to answer and takes the socket away, unless it is that of another daemon by now, which
   * may have the cache already.
   */
  @Override
  public void close() {
    try {
      listener.close();
      if (ownSocket.equals(fileKey(path))) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot take away the control socket " + path, e);
    } finally {
      connections.shutdownNow();
      deadlines.shutdownNow();
    }
  }
}
