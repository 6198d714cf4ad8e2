package io.pcache.cli;

import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asks a running daemon. */
final class ControlClient {
  private final Path socket;

  ControlClient(Path socket) {
    this.socket = socket;
  }

  /**
   * Sends one request and waits for its reply.
   *
   * @throws ClosedException where nobody answers on the socket
   * @throws BadOptionException where it is no socket
   * @throws CommandException where the daemon could not carry it out, with its message and exit
   *     code
   */
  ControlReply call(ControlRequest request) throws IOException {
    ControlReply reply = exchange(request);
    if (reply.failure() != null) {
      throw new CommandException(reply.exitCode(), reply.failure());
    }
    return reply;
  }

  private ControlReply exchange(ControlRequest request) throws IOException {
    try (SocketChannel connection = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      ControlProtocol.send(Channels.newOutputStream(connection), request);
      return ControlProtocol.receive(
          new BufferedInputStream(Channels.newInputStream(connection)), ControlReply.class);
    } catch (ConnectException e) {
      if (Files.isRegularFile(socket) || Files.isDirectory(socket)) {
        throw new BadOptionException(
            socket + " is not a socket; give a daemon's control socket, or its cache with --cache");
      }
      throw new ClosedException(
          socket
              + ": no pcache answers there; one that was killed left the socket. Start it with pcache serve",
          e);
    }
  }
}
