package io.pcache.nbd;

import io.pcache.agent.Patience;
import io.pcache.agent.SystemClock;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts the connections of one listen address on a thread of its own. */
final class Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  /**
   * What a Unix socket holds of the replies, if the system allows so much; it does not adapt by
   * itself as one of TCP does.
   */
  private static final int SEND_BUFFER_BYTES = 1 << 20;

  private final BoundSocket socket;
  private final BiConsumer<SocketChannel, String> onAccept;
  private final Thread thread;
  private int count;

  /**
   * @param onAccept takes over each channel, with the peer's name for logs
   */
  Listener(BoundSocket socket, BiConsumer<SocketChannel, String> onAccept) {
    this.socket = socket;
    this.onAccept = onAccept;
    this.thread =
        Thread.ofPlatform()
            .name("nbd-accept-" + socket.address())
            .daemon(true)
            .unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  ListenAddress address() {
    return socket.address();
  }

  private void run() {
    new AcceptLoop(
            socket.address().toString(), socket.channel(), this::handOver, SystemClock.INSTANCE)
        .run();
  }

  private void handOver(SocketChannel channel) throws IOException {
    String peer;
    try {
      peer = peerName(channel);
    } catch (SocketException e) {
      LOG.debug("{}: a client was gone at once: {}", socket.address(), e.toString());
      channel.close();
      return;
    }
    onAccept.accept(channel, peer);
  }

  private String peerName(SocketChannel channel) throws IOException {
    count++;
    if (socket.address() instanceof ListenAddress.Unix) {
      channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER_BYTES);
      return socket.address() + "#" + count;
    }
    channel
        .setOption(StandardSocketOptions.TCP_NODELAY, true)
        .setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    InetSocketAddress client = (InetSocketAddress) channel.getRemoteAddress();
    return client.getAddress().getHostAddress() + ":" + client.getPort() + "#" + count;
  }

  /** Stops listening; connections that were accepted stay. */
  void close(Patience patience) {
    try {
      socket.close(patience);
    } catch (IOException e) {
      LOG.warn("{}: the socket could not be removed: {}", socket.address(), e.getMessage());
    }
    Threads.joinUninterruptibly(thread);
  }
}
