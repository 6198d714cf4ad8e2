package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.protocol.Command;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that leave without saying so while the thread that receives from them waits for one of
 * their limits. The device finishes no write as long as they are there.
 */
@DisplayName("hazard 31: a client that is gone while it is at a limit")
@Timeout(600)
class GoneClientTest {
  private static final int SIZE = 64 << 20;
  private static final int MIB = 1 << 20;
  private static final int LARGEST = 32 * MIB;
  private static final int MAX_REQUESTS = 4;
  private static final int REQUESTS = 50;

  /** More than what the buffer for input usually holds. */
  private static final int MANY_REQUESTS = 20_000;

  private static final int PART_OF_PAYLOAD = 400 << 10;

  /** How a client reaches the server. */
  enum Transport {
    UNIX(0),
    TCP(1);

    private final int index;

    Transport(int index) {
      this.index = index;
    }

    RawClient start(ServerUnderTest server) throws IOException {
      ListenAddress address = server.server().addresses().get(index);
      return RawClient.start(address, ReplyStyle.STRUCTURED);
    }
  }

  private static ServerUnderTest serve(
      FullDevice device, UnaryOperator<NbdServerOptions.Builder> settings) {
    return ServerUnderTest.serving(
        Map.of("", device), o -> settings.apply(o.listen("127.0.0.1:0")));
  }

  private static byte[] requests(int type, int count) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      all.writeBytes(RawClient.requestBytes(ReplyStyle.STRUCTURED, 0, type, i, 512L * i, 512));
    }
    return all.toByteArray();
  }

  private static void awaitWaiting(FullDevice device, int count) {
    ServerUnderTest.eventually(() -> device.waitingCount() == count);
  }

  /** Comes back when nothing of the client is left. */
  private static void awaitDropped(ServerUnderTest server, FullDevice device) {
    ServerUnderTest.eventually(() -> {
      server.server().watch();
      return server.status().connectionsOpen() == 0;
    });
    server.awaitNothingInFlight();
    assertThat(device.waitingCount()).isZero();
    assertThat(device.writtenCount()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void theWritesOfOneAtItsRequestLimitAreDropped(Transport transport) throws IOException {
    try (FullDevice device = new FullDevice(SIZE);
        ServerUnderTest server = serve(device, o -> o.maxRequestsPerConnection(MAX_REQUESTS))) {
      try (RawClient client = transport.start(server)) {
        client.send(requests(Command.WRITE_ZEROES, REQUESTS));
        awaitWaiting(device, MAX_REQUESTS);
      }
      awaitDropped(server, device);
      assertThat(device.droppedCount()).isGreaterThanOrEqualTo(MAX_REQUESTS);
    }
  }

  @Test
  void theWritesOfOneThatHasSentMoreThanTheUsualBufferHoldsAreDropped() throws IOException {
    try (FullDevice device = new FullDevice(SIZE);
        ServerUnderTest server = serve(device, o -> o.maxRequestsPerConnection(MAX_REQUESTS))) {
      try (RawClient client = Transport.TCP.start(server)) {
        Thread sender =
            Thread.ofPlatform()
                .start(() -> sendOrFail(client, requests(Command.WRITE_ZEROES, MANY_REQUESTS)));
        ServerUnderTest.eventually(() -> {
          server.server().watch();
          return !sender.isAlive();
        });
      }
      awaitDropped(server, device);
    }
  }

  private static void sendOrFail(RawClient client, byte[] bytes) {
    try {
      client.send(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theWritesOfOneAtItsPayloadLimitAreDropped(Transport transport) throws IOException {
    try (FullDevice device = new FullDevice(SIZE);
        ServerUnderTest server = serve(device, o -> o.maxBytesPerConnection(LARGEST))) {
      try (RawClient client = transport.start(server)) {
        client.write(0, 1, 0, new byte[LARGEST]);
        awaitWaiting(device, 1);
        client.request(0, Command.WRITE, 2, 0, LARGEST);
        client.send(new byte[PART_OF_PAYLOAD]);
      }
      awaitDropped(server, device);
    }
  }

  @Test
  void theWritesOfOneThatWaitsForMemoryOfAllAreDropped() throws IOException {
    try (FullDevice device = new FullDevice(SIZE);
        ServerUnderTest server = serve(device, o -> o.maxBytes(LARGEST));
        RawClient holder = server.start(ReplyStyle.STRUCTURED)) {
      holder.write(0, 1, 0, new byte[LARGEST]);
      awaitWaiting(device, 1);
      try (RawClient client = server.start(ReplyStyle.STRUCTURED)) {
        client.request(0, Command.WRITE_ZEROES, 1, 0, MIB);
        awaitWaiting(device, 2);
        client.request(0, Command.READ, 2, 0, 2 * MIB);
        ServerUnderTest.eventually(() -> server.status().memoryWaiters() == 1);
      }
      ServerUnderTest.eventually(() -> {
        server.server().watch();
        return device.droppedCount() == 1;
      });
      ServerUnderTest.eventually(() -> server.status().connectionsOpen() == 1);
      assertThat(server.status().memoryWaiters()).isZero();
      device.makeRoom();
      assertThat(holder.reply(0).errno()).isZero();
    }
  }

  @Test
  void oneThatStillReceivesGetsAllReplies() throws IOException {
    try (FullDevice device = new FullDevice(SIZE);
        ServerUnderTest server = serve(device, o -> o.maxRequestsPerConnection(MAX_REQUESTS));
        RawClient client = server.start(ReplyStyle.STRUCTURED)) {
      client.send(requests(Command.WRITE_ZEROES, REQUESTS));
      client.request(0, Command.READ, REQUESTS, 0, 512);
      client.channel().shutdownOutput();
      awaitWaiting(device, MAX_REQUESTS);
      server.server().watch();
      Map<Long, Integer> errors = new HashMap<>();
      for (int i = 0; i <= REQUESTS; i++) {
        RawClient.Reply reply = client.reply(0);
        errors.put(reply.cookie(), reply.errno());
      }
      assertThat(errors).hasSize(REQUESTS + 1).containsEntry((long) REQUESTS, 0);
      assertThat(client.seesEnd()).isTrue();
      assertThat(device.droppedCount()).isEqualTo(REQUESTS);
    }
  }

  @Test
  void oneThatHasSaidSoHasItsRequestsCarriedOut() throws IOException {
    try (FullDevice device = new FullDevice(SIZE);
        ServerUnderTest server = serve(device, o -> o.maxRequestsPerConnection(MAX_REQUESTS));
        RawClient client = server.start(ReplyStyle.STRUCTURED)) {
      client.send(requests(Command.WRITE_ZEROES, REQUESTS));
      client.request(0, Command.DISC, 0, 0, 0);
      client.channel().shutdownOutput();
      awaitWaiting(device, MAX_REQUESTS);
      server.server().watch();
      device.makeRoom();
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(client.reply(0).errno()).isZero();
      }
      assertThat(client.seesEnd()).isTrue();
      assertThat(device.writtenCount()).isEqualTo(REQUESTS);
    }
  }

  @Test
  void oneThatStaysIsServedAsIfNobodyHadLooked() throws IOException {
    try (FullDevice device = new FullDevice(SIZE);
        ServerUnderTest server = serve(device, o -> o.maxRequestsPerConnection(MAX_REQUESTS));
        RawClient client = server.start(ReplyStyle.STRUCTURED)) {
      Thread sender = Thread.ofPlatform().start(() -> writeManyTimes(client));
      awaitWaiting(device, MAX_REQUESTS);
      server.server().watch();
      device.makeRoom();
      for (int i = 0; i < REQUESTS; i++) {
        server.server().watch();
        assertThat(client.reply(0).errno()).isZero();
      }
      Threads.joinUninterruptibly(sender);
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(client.read((long) i * MIB, MIB)).containsOnly(i);
      }
    }
  }

  private static void writeManyTimes(RawClient client) {
    try {
      for (int i = 0; i < REQUESTS; i++) {
        byte[] data = new byte[MIB];
        Arrays.fill(data, (byte) i);
        client.write(0, i, (long) i * MIB, data);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
