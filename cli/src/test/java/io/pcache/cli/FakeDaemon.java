package io.pcache.cli;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Takes the place of a daemon and answers the same to every request, or nothing at all. */
final class FakeDaemon implements AutoCloseable {
  private final ServerSocketChannel listener;
  private final String reply;

  private FakeDaemon(ServerSocketChannel listener, String reply) {
    this.listener = listener;
    this.reply = reply;
  }

  /**
   * Starts to answer.
   *
   * @param reply what to send, line end included; nothing is sent where it is empty, and the
   *     connection stays open
   */
  static FakeDaemon answering(Path socket, String reply) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    FakeDaemon daemon = new FakeDaemon(listener, reply);
    Thread.ofPlatform().daemon(true).name("fake-daemon").start(daemon::answerAll);
    return daemon;
  }

  private void answerAll() {
    while (listener.isOpen()) {
      try {
        SocketChannel connection = listener.accept();
        ByteBuffer request = ByteBuffer.allocate(1);
        while (connection.read(request) > 0 && request.get(0) != '\n') {
          request.clear();
        }
        if (!reply.isEmpty()) {
          connection.write(ByteBuffer.wrap(reply.getBytes(StandardCharsets.UTF_8)));
          connection.close();
        }
      } catch (IOException e) {
        // The client went away, or the test is over.
      }
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
