package io.pcache.nbd;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
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
  /** Starts to listen. */
  static BoundSocket bind(ListenAddress address) {
    return switch (address) {
      case ListenAddress.Unix unix -> UnixSocketFile.bind(unix);
      case ListenAddress.Tcp tcp -> bindTcp(tcp);
    };
  }

  private static BoundSocket bindTcp(ListenAddress.Tcp address) {
    try {
      InetSocketAddress wanted =
          new InetSocketAddress(InetAddress.getByName(address.host()), address.port());
      ServerSocketChannel channel = ServerSocketChannel.open();
      try {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true).bind(wanted);
        int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
        return new BoundSocket(channel, new ListenAddress.Tcp(address.host(), port), null);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (BindException e) {
      throw new DeviceInUseException("cannot listen on " + address + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new BadOptionException("cannot listen on " + address + ": " + e, e);
    }
  }

  /** Stops listening and removes the socket's file. */
  void close() throws IOException {
    channel.close();
    if (file != null) {
      file.remove();
    }
  }
}
