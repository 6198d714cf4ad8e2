package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.OptionType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that break off, stand still, lie or babble: nobody else notices, and nothing stays
 * behind.
 */
@Timeout(600)
class HostileClientTest {
  private static final int SIZE = 64 << 20;
  private static final int MANY = 10_000;

  private static void assertServes(ServerUnderTest server) throws IOException {
    try (RawClient client = server.start(ReplyStyle.STRUCTURED, "base:allocation")) {
      byte[] data = new byte[4096];
      Arrays.fill(data, (byte) 3);
      assertThat(client.writeAndAwait(0, SIZE - 4096, data)).isZero();
      assertThat(client.read(SIZE - 4096, 4096)).isEqualTo(data);
    }
  }

  @ParameterizedTest
  @EnumSource
  void breakingOffAnywhereInARequestLeaksNothing(ReplyStyle style) throws IOException {
    int flag = style == ReplyStyle.EXTENDED ? CommandFlag.PAYLOAD_LEN : 0;
    byte[] header = RawClient.requestBytes(style, flag, Command.WRITE, 1, 0, 1 << 20);
    try (ServerUnderTest server = ServerUnderTest.serving(new RamDevice(SIZE))) {
      for (int sent :
          new int[] {0, 1, 27, 31, 32, 33, 1000, 20_000, 500_000, (1 << 20) + header.length - 1}) {
        try (RawClient client = server.start(style)) {
          client.send(Arrays.copyOf(Arrays.copyOf(header, Math.min(sent, header.length)), sent));
        }
      }
      server.awaitNothingInFlight();
      server.awaitNoConnections();
      assertServes(server);
    }
  }

  @Test
  void breakingOffAnywhereInTheHandshakeLeaksNothing() throws IOException {
    byte[] stream = validStream(ReplyStyle.STRUCTURED);
    // They come faster than the server sees them leave.
    try (ServerUnderTest server =
        ServerUnderTest.serving(
            Map.of("", new RamDevice(SIZE)), options -> options.maxConnections(MANY))) {
      for (int length = 0; length < stream.length; length += 7) {
        try (RawClient client = server.connect()) {
          client.send(Arrays.copyOf(stream, length));
        }
      }
      server.awaitNoConnections();
      assertServes(server);
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavingWithRequestsAtTheDeviceKeepsTheirBuffersUntilTheyComplete(ReplyStyle style)
      throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 2, 1);
        ServerUnderTest server = ServerUnderTest.serving(device)) {
      device.hold();
      try (RawClient client = server.start(style)) {
        for (int i = 0; i < 8; i++) {
          client.request(0, Command.READ, i, 0, 1 << 20);
        }
        ServerUnderTest.eventually(() -> device.waitingCount() == 8);
      }
      assertThat(server.status().payloadBytesInFlight()).isEqualTo(8 << 20);
      device.letGo();
      server.awaitNothingInFlight();
      server.awaitNoConnections();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aClientThatTakesNoRepliesStopsOnlyItself(ReplyStyle style) throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 1, 1);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient greedy = server.start(style)) {
      for (int i = 0; i < 100; i++) {
        greedy.request(0, Command.READ, i, 0, 32 << 20);
      }
      ServerUnderTest.eventually(() -> server.status().payloadBytesInFlight() >= 32 << 20);
      assertServes(server);
    }
  }

  /** Everything a client can say, said right: the raw material for what is said wrong. */
  private static byte[] validStream(ReplyStyle style) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(new byte[] {0, 0, 0, Handshake.FLAG_FIXED_NEWSTYLE | Handshake.FLAG_NO_ZEROES});
    all.writeBytes(RawClient.optionBytes(OptionType.LIST));
    all.writeBytes(RawClient.optionBytes(OptionType.INFO, RawClient.infoQuery("", 0, 1, 2, 3)));
    if (style == ReplyStyle.STRUCTURED) {
      all.writeBytes(RawClient.optionBytes(OptionType.STRUCTURED_REPLY));
    } else if (style == ReplyStyle.EXTENDED) {
      all.writeBytes(RawClient.optionBytes(OptionType.EXTENDED_HEADERS));
    }
    all.writeBytes(
        RawClient.optionBytes(OptionType.LIST_META_CONTEXT, RawClient.contextQuery("", "base:")));
    byte[] contexts = RawClient.contextQuery("", "base:allocation", "pcache:state");
    all.writeBytes(RawClient.optionBytes(OptionType.SET_META_CONTEXT, contexts));
    all.writeBytes(RawClient.optionBytes(OptionType.GO, RawClient.infoQuery("", 3)));
    int payload = style == ReplyStyle.EXTENDED ? CommandFlag.PAYLOAD_LEN : 0;
    for (int i = 0; i < 5; i++) {
      all.writeBytes(RawClient.requestBytes(style, 0, Command.READ, i, 4096L * i, 4096));
      all.writeBytes(RawClient.requestBytes(style, payload, Command.WRITE, i, 4096L * i, 1024));
      all.writeBytes(new byte[1024]);
      all.writeBytes(RawClient.requestBytes(style, 1, Command.WRITE_ZEROES, i, 8192, 65536));
      all.writeBytes(RawClient.requestBytes(style, 0, Command.FLUSH, i, 0, 0));
      all.writeBytes(RawClient.requestBytes(style, 0, Command.CACHE, i, 0, 1 << 20));
      all.writeBytes(RawClient.requestBytes(style, 0, Command.BLOCK_STATUS, i, 0, 1 << 20));
    }
    all.writeBytes(RawClient.requestBytes(style, 0, Command.DISC, 0, 0, 0));
    return all.toByteArray();
  }

  private static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      // Small exponents leave the handshake alone more often, so that deeper layers see rubbish,
      // too.
      int at = (int) (bytes.length * Math.pow(random.nextDouble(), random.nextBoolean() ? 1 : 0.3));
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        default ->
            System.arraycopy(
                valid, random.nextInt(valid.length - 8), bytes, Math.min(at, bytes.length - 8), 8);
      }
      if (bytes.length < 16) {
        return bytes;
      }
    }
    return bytes;
  }

  @ParameterizedTest
  @EnumSource
  void randomlyDamagedStreamsHarmNobody(ReplyStyle style) throws IOException {
    long seed = Long.getLong("pcache.seed", System.nanoTime());
    System.out.println(
        "repeat with: mvn -pl nbd -am test -Dtest=HostileClientTest -Dpcache.seed=" + seed);
    Random random = new Random(seed);
    byte[] valid = validStream(style);
    try (ReorderingDevice reordering = new ReorderingDevice(SIZE, 2, seed);
        ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", random.nextBoolean() ? reordering : new RamDevice(SIZE)), o -> o)) {
      for (int i = 0; i < 300; i++) {
        babble(server, mutate(valid, random));
      }
      server.awaitNoConnections();
      server.awaitNothingInFlight();
      assertServes(server);
    }
  }

  private static void babble(ServerUnderTest server, byte[] bytes) throws IOException {
    try (RawClient client = server.connect()) {
      client.send(bytes);
      client.channel().shutdownOutput();
      assertThat(client.seesEnd()).isTrue();
    } catch (IOException e) {
      // The server may close while we still talk.
      assertThat(e).hasMessageMatching("Broken pipe|Connection reset.*|.*closed.*");
    }
  }
}
