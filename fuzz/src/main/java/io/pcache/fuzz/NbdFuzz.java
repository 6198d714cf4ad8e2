package io.pcache.fuzz;

import io.pcache.nbd.ListenAddress;
import io.pcache.nbd.NbdServer;
import io.pcache.nbd.NbdServerOptions;
import io.pcache.nbd.NbdServerStatus;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.OptionType;
import io.pcache.nbd.protocol.RequestHeader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What a client may send to the NBD server, over a real socket. The first byte says where the input
 * begins: at the very start, behind the client's flags, or behind a good handshake, which may have
 * agreed on structured replies or extended headers. Afterwards nothing of this client is left, and
 * another one is served.
 */
public final class NbdFuzz {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(8);
  private static final int DRAIN_BYTES = 1 << 16;
  private static final int GOOD_CLIENT_ONE_IN = 8;
  private static final int HANDLE = 77;
  private static final int READ_BYTES = 4096;
  private static final Path SOCKET = socket();
  private static final NbdServer SERVER = serve();
  private static int inputs;

  private NbdFuzz() {}

  private static Path socket() {
    try {
      Path folder = Files.createTempDirectory("pcache-fuzz");
      folder.toFile().deleteOnExit();
      return folder.resolve("socket");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static NbdServer serve() {
    NbdServerOptions options =
        NbdServerOptions.builder()
            .listen(new ListenAddress.Unix(SOCKET))
            .stallTimeout(Duration.ofSeconds(4))
            .build();
    NbdServer server = NbdServer.start(options, Map.of("disk", new ZeroDevice()));
    Runtime.getRuntime().addShutdownHook(new Thread(server::close));
    return server;
  }

  /** Carries one input out. */
  public static void fuzzerTestOneInput(byte[] bytes) throws IOException {
    FuzzInput input = new FuzzInput(bytes);
    int beginning = input.u8() % 5;
    try (SocketChannel client = connect()) {
      send(client, opening(beginning));
      send(client, ByteBuffer.wrap(input.rest()));
      client.shutdownOutput();
      drain(client);
    } catch (IOException cutOff) {
      // The server has hung up in the middle, as it may.
      Require.that(SERVER.status().refused().isEmpty(), "the server takes connections");
    }
    awaitNothingLeft();
    if (inputs++ % GOOD_CLIENT_ONE_IN == 0) {
      serveAGoodClient();
      awaitNothingLeft();
    }
  }

  private static SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(SOCKET));
    return channel;
  }

  private static ByteBuffer opening(int beginning) {
    ByteBuffer bytes = ByteBuffer.allocate(256);
    if (beginning > 0) {
      bytes.putInt(Handshake.FLAG_FIXED_NEWSTYLE | Handshake.FLAG_NO_ZEROES);
    }
    if (beginning == 3) {
      option(bytes, OptionType.STRUCTURED_REPLY, 0);
    }
    if (beginning == 4) {
      option(bytes, OptionType.EXTENDED_HEADERS, 0);
    }
    if (beginning > 1) {
      option(bytes, OptionType.GO, 6);
      bytes.putInt(0).putShort((short) 0);
    }
    return bytes.flip();
  }

  private static void option(ByteBuffer bytes, int type, int lengthBytes) {
    bytes.putLong(Handshake.OPTION_MAGIC).putInt(type).putInt(lengthBytes);
  }

  private static void send(SocketChannel client, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int unused = client.write(bytes);
    }
  }

  private static void drain(SocketChannel client) throws IOException {
    ByteBuffer sink = ByteBuffer.allocate(DRAIN_BYTES);
    while (client.read(sink.clear()) >= 0) {
      // Whatever it says, until it hangs up.
    }
  }

  private static void awaitNothingLeft() {
    long start = System.nanoTime();
    NbdServerStatus status = SERVER.status();
    while (status.connectionsOpen() > 0
        || status.requestsInFlight() > 0
        || status.payloadBytesInFlight() > 0) {
      Require.that(System.nanoTime() - start < PATIENCE_NANOS, "nothing is left: " + status);
      Thread.onSpinWait();
      status = SERVER.status();
    }
  }

  private static void serveAGoodClient() throws IOException {
    try (SocketChannel client = connect()) {
      send(client, opening(2));
      ByteBuffer read = ByteBuffer.allocate(RequestHeader.COMPACT_BYTES);
      read.putInt(RequestHeader.COMPACT_MAGIC).putShort((short) 0).putShort((short) Command.READ);
      send(client, read.putLong(HANDLE).putLong(0).putInt(READ_BYTES).flip());
      client.shutdownOutput();
      ByteBuffer answer = ByteBuffer.allocate(DRAIN_BYTES);
      while (client.read(answer) >= 0) {
        Require.that(answer.hasRemaining(), "an answer to one read is short");
      }
      int reply = answer.position() - READ_BYTES - 16;
      Require.that(reply > Handshake.GREETING_BYTES, "an answer: " + answer.position() + " bytes");
      Require.that(answer.getInt(reply + 4) == 0, "no error");
      Require.that(answer.getLong(reply + 8) == HANDLE, "the answer to this request");
    }
  }
}
