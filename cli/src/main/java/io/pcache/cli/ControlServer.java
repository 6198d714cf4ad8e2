package io.pcache.cli;

import io.pcache.agent.Patience;
import io.pcache.agent.SystemClock;
import io.pcache.error.BadOptionException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import io.pcache.nbd.AcceptLoop;
import io.pcache.nbd.UnixPeer;
import io.pcache.nbd.UnixSocketFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
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
 * reply and end in time, is closed. So many are held at once; more wait until one of them ends.
 */
final class ControlServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

  private static final int MAX_CONNECTIONS = 64;

  /** For a request to come, and again for a reply to be taken. */
  private static final long LIMIT_SECONDS = 10;

  private static final int DISCARD_BYTES = 4096;

  /** How many may wait to be accepted: the system's own choice where none is given. */
  private static final int BACKLOG = 50;

  private final Path path;
  private final UnixSocketFile socket;
  private final ControlHandler handler;
  private final Patience patience;
  private final Set<UserPrincipal> users = PeerUser.allowedToAsk();
  private final Semaphore places = new Semaphore(MAX_CONNECTIONS);
  private final ExecutorService connections =
      Executors.newThreadPerTaskExecutor(threads("pcache-control-"));
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(threads("pcache-control-deadlines-"));

  private ControlServer(
      Path path, UnixSocketFile socket, ControlHandler handler, Patience patience) {
    this.path = path;
    this.socket = socket;
    this.handler = handler;
    this.patience = patience;
  }

  /**
   * Starts to answer. A socket that is there already is replaced: the caller holds the cache's
   * lock, so nobody serves on it any more.
   *
   * @param patience how long {@link #close} waits for the socket's file system
   * @throws BadOptionException where no socket can be made there, or something else is there
   * @throws NoSpaceException where the file system is full
   */
  static ControlServer start(Path path, ControlHandler handler, Patience patience) {
    String name = SocketPlaces.controlSocketName(path);
    UnixSocketFile socket = UnixSocketFile.bind(path, name, SocketPlaces.CONTROL_OPTION, BACKLOG);
    ControlServer server = new ControlServer(path, socket, handler, patience);
    AcceptLoop loop = new AcceptLoop(name, socket.channel(), server::take, SystemClock.INSTANCE);
    Thread.ofPlatform().daemon(true).name("pcache-control").start(loop::run);
    return server;
  }

  private static ThreadFactory threads(String name) {
    return Thread.ofPlatform().daemon(true).name(name, 0).factory();
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
        readToTheEnd(connection);
      } finally {
        deadline.cancel(false);
      }
    } catch (IOException | RejectedExecutionException e) {
      LOG.debug("control socket {}: {}", path, e.toString());
    } finally {
      places.release();
    }
  }

  /**
   * Discards what the client still sends. A socket that is closed with unread bytes resets the
   * connection, and the client would lose the reply.
   */
  private static void readToTheEnd(SocketChannel connection) throws IOException {
    SocketChannel readOnly = connection.shutdownOutput();
    ByteBuffer discarded = ByteBuffer.allocate(DISCARD_BYTES);
    while (readOnly.read(discarded) >= 0) {
      discarded.clear();
    }
  }

  private ControlReply replyTo(SocketChannel connection) throws IOException {
    UserPrincipal peer = PeerUser.of(connection);
    if (!users.contains(peer)) {
      LOG.info("control socket {}: user {} was not answered", path, UnixPeer.nameOf(peer));
      return ControlReply.failure("this daemon answers root and its own user, nobody else");
    }
    ControlRequest request;
    Future<?> deadline = closeInTime(connection);
    try {
      request =
          ControlProtocol.receive(
                  new BufferedInputStream(Channels.newInputStream(connection)),
                  ControlRequest.Received.class,
                  ControlProtocol.MAX_REQUEST_BYTES)
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
    } catch (RuntimeException | OutOfMemoryError e) {
      LOG.error("control request {} failed", request.command(), e);
      return ControlReply.failure("unexpected: " + e + "; the daemon's log says more");
    }
  }

  /**
   * Stops to answer and takes the socket away, unless it is that of another daemon by now, which
   * may have the cache already. A socket that stays is logged: it harms nobody.
   */
  @Override
  public void close() {
    try {
      socket.close(patience);
    } catch (IOException e) {
      LOG.warn("the control socket could not be removed: {}", e.getMessage());
    } finally {
      connections.shutdownNow();
      deadlines.shutdownNow();
    }
  }
}
