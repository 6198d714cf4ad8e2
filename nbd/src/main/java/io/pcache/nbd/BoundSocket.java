package io.pcache.nbd;

import io.pcache.agent.Patience;
import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.PcacheException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A socket that listens.
 *
 * @param channel accepts connections
 * @param address where it really listens: a free port has been chosen
 * @param file the socket's file, for Unix sockets
 */
record BoundSocket(
    ServerSocketChannel channel, ListenAddress address, @Nullable UnixSocketFile file) {
  /**
   * How many clients may wait to be accepted. The system has a limit of its own; a client beyond it
   * is refused on a Unix socket and waits on TCP.
   */
  static final int BACKLOG = 1024;

  private static final String LISTEN_OPTION = "--listen";

  /** Starts to listen. */
  static BoundSocket bind(ListenAddress address) {
    return switch (address) {
      case ListenAddress.Unix unix -> bindUnix(unix);
      case ListenAddress.Tcp tcp -> bindTcp(tcp);
    };
  }

  /** A socket that nobody serves any more is replaced; one that is served is refused. */
  private static BoundSocket bindUnix(ListenAddress.Unix address) {
    Path path = address.path().toAbsolutePath();
    requireReachable(path);
    requireFolder(path, address);
    UnixSocketFile.requireReplaceable(path, address.toString(), LISTEN_OPTION);
    if (UnixSocketFile.isServed(path)) {
      throw new DeviceInUseException(
          path + " is served by another process; stop it or listen elsewhere");
    }
    UnixSocketFile file = UnixSocketFile.bind(path, address.toString(), LISTEN_OPTION, BACKLOG);
    return new BoundSocket(file.channel(), address, file);
  }

  /** A client names the path in an address of fixed size, and could not reach a longer one. */
  private static void requireReachable(Path path) {
    int bytes = UnixSocketFile.pathBytes(path);
    if (bytes > UnixSocketFile.MAX_PATH_BYTES) {
      throw new BadOptionException(
          "cannot listen on unix:%s: the path has %d bytes, and no client reaches a socket of more than %d; give a shorter one"
              .formatted(path, bytes, UnixSocketFile.MAX_PATH_BYTES));
    }
  }

  private static void requireFolder(Path path, ListenAddress.Unix address) {
    Path folder = path.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new BadOptionException(
          "cannot listen on %s: there is no folder %s; make it first, or give another path"
              .formatted(address, folder));
    }
  }

  private static BoundSocket bindTcp(ListenAddress.Tcp address) {
    try {
      InetSocketAddress wanted =
          new InetSocketAddress(InetAddress.getByName(address.host()), address.port());
      ServerSocketChannel channel = ServerSocketChannel.open();
      try {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true).bind(wanted, BACKLOG);
        int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
        return new BoundSocket(channel, new ListenAddress.Tcp(address.host(), port), null);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (UnknownHostException e) {
      throw new BadOptionException(
          "cannot listen on " + address + ": no such host; give an address of this machine", e);
    } catch (BindException e) {
      throw refusal(address, e);
    } catch (IOException e) {
      throw new BadOptionException("cannot listen on " + address + ": " + e.getMessage(), e);
    }
  }

  /** The system's words are the only thing that tells a port in use from an address of others. */
  private static PcacheException refusal(ListenAddress.Tcp address, BindException e) {
    String reason = String.valueOf(e.getMessage());
    if (reason.contains("in use")) {
      return new DeviceInUseException(
          "cannot listen on "
              + address
              + ": the port is in use; stop who listens there, or give another one",
          e);
    }
    return new BadOptionException(
        "cannot listen on %s: %s; give an address of this machine and a port that may be used"
            .formatted(address, reason),
        e);
  }

  /** Stops listening and removes the socket's file, for which it waits with that patience. */
  void close(Patience patience) throws IOException {
    if (file == null) {
      channel.close();
    } else {
      file.close(patience);
    }
  }
}
