package io.pcache.cli;

import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import io.pcache.nbd.UnixPeer;
import io.pcache.nbd.UnixSocketFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Asks a running daemon, and believes only one whose user may speak for the cache. */
final class ControlClient {
  private final Path socket;
  private final @Nullable Path cache;
  private final AnswerLimit limit;

  /**
   * A client of one daemon.
   *
   * @param cache the cache that the daemon has to serve, whose owner is believed; null where the
   *     socket alone was named
   * @param limit which hears what is waited for, and in whose time everything is done
   */
  ControlClient(Path socket, @Nullable Path cache, AnswerLimit limit) {
    this.socket = socket;
    this.cache = cache;
    this.limit = limit;
  }

  /**
   * Sends one request and waits for its reply.
   *
   * @throws ClosedException where nobody answers on the socket
   * @throws BadOptionException where it is no socket
   * @throws UnreachableDaemonException where this process may not connect, or somebody answers who
   *     is not believed
   * @throws CommandException where the daemon could not carry it out, with its message and exit
   *     code
   */
  ControlReply call(ControlRequest request) throws IOException {
    try (SocketChannel connection = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return exchange(connection, request).orThrow();
    } catch (MalformedMessageException e) {
      throw new IOException(
          socket
              + ": what answers there is no pcache, or one of another version: "
              + e.getMessage(),
          e);
    } catch (ConnectException e) {
      if (!UnixSocketFile.isSocket(socket)) {
        throw new BadOptionException(
            socket + " is not a socket; give a daemon's control socket, or its cache with --cache");
      }
      throw new ClosedException(
          socket
              + ": no pcache answers there; one that was killed left the socket. Start it with pcache serve",
          e);
    }
  }

  /** All that takes a young process long comes before the daemon begins to wait for the request. */
  private ControlReply exchange(SocketChannel connection, ControlRequest request)
      throws IOException {
    byte[] message = ControlProtocol.encode(request);
    limit.waitsForFileSystem(
        cache == null ? socket : cache, "it is looked whose answers are to be believed");
    Set<UserPrincipal> believed = PeerUser.believed(socket, cache);
    limit.waitsForDaemon(socket);
    connect(connection);
    refuseStranger(PeerUser.of(connection), believed);
    Channels.newOutputStream(connection).write(message);
    return ControlProtocol.receive(
        new BufferedInputStream(Channels.newInputStream(connection)),
        ControlReply.class,
        ControlProtocol.MAX_REPLY_BYTES);
  }

  private void connect(SocketChannel connection) throws IOException {
    try {
      connection.connect(UnixDomainSocketAddress.of(socket));
    } catch (ConnectException e) {
      throw e;
    } catch (SocketException e) {
      if (Files.isWritable(socket)) {
        throw new UnreachableDaemonException(socket + ": " + e.getMessage(), e);
      }
      throw new UnreachableDaemonException(
          socket
              + ": permission denied; a daemon answers root and its own user: run as one of them, for instance with sudo",
          e);
    }
  }

  private void refuseStranger(UserPrincipal user, Set<UserPrincipal> believed) {
    if (!believed.contains(user)) {
      throw new StrangerException(
          "%s: user %s answers there, who is neither root, nor you, nor the owner of the cache or of the socket's folder, and is not believed; look whose socket it is. If it is the daemon's, %srun as that user"
              .formatted(
                  socket,
                  UnixPeer.nameOf(user),
                  cache == null ? "name the cache too, with --cache, or " : ""));
    }
  }
}
