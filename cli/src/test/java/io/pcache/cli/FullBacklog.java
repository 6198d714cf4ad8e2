package io.pcache.cli;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A socket whose owner accepts nobody, as a stopped process does, and on which as many wait as may:
 * who comes next waits for a place to wait.
 */
final class FullBacklog implements AutoCloseable {
  /** The system lets one more wait than it is told. */
  private static final int BACKLOG = 1;

  private final ServerSocketChannel listener;
  private final List<SocketChannel> waiting = new ArrayList<>();

  private FullBacklog(ServerSocketChannel listener) {
    this.listener = listener;
  }

  static FullBacklog at(Path socket) throws IOException {
    FullBacklog full = new FullBacklog(ServerSocketChannel.open(StandardProtocolFamily.UNIX));
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
    full.listener.bind(address, BACKLOG);
    for (int i = 0; i <= BACKLOG; i++) {
      full.waiting.add(SocketChannel.open(address));
    }
    return full;
  }

  @Override
  public void close() throws IOException {
    for (SocketChannel client : waiting) {
      client.close();
    }
    listener.close();
  }
}
