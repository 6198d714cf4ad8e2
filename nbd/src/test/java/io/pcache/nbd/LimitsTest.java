package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.protocol.Command;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(600)
class LimitsTest {
  private static final int SIZE = 64 << 20;
  private static final int MIB = 1 << 20;

  @Test
  void requestsAboveTheLimitWaitInTheSocket() throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 2, 1);
        ServerUnderTest server =
            ServerUnderTest.serving(Map.of("", device), o -> o.maxRequestsPerConnection(4));
        RawClient client = server.start(ReplyStyle.SIMPLE)) {
      device.hold();
      for (int i = 0; i < 50; i++) {
        client.request(0, Command.FLUSH, i, 0, 0);
      }
      ServerUnderTest.eventually(() -> device.waitingCount() == 4);
      assertThat(server.status().requestsInFlight()).isEqualTo(4);
      device.letGo();
      assertAllAnswered(client, 50, 0);
    }
  }

  private static void assertAllAnswered(RawClient client, int count, int dataBytes)
      throws IOException {
    Set<Long> cookies = new HashSet<>();
    for (int i = 0; i < count; i++) {
      RawClient.Reply reply = client.reply(dataBytes);
      assertThat(reply.errno()).isZero();
      assertThat(cookies.add(reply.cookie())).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void payloadAboveTheConnectionsLimitWaitsInTheSocket(ReplyStyle style) throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 2, 1);
        ServerUnderTest server =
            ServerUnderTest.serving(Map.of("", device), o -> o.maxBytesPerConnection(32 * MIB));
        RawClient client = server.start(style)) {
      device.hold();
      for (int i = 0; i < 20; i++) {
        client.request(0, Command.READ, i, 0, 8 * MIB);
      }
      ServerUnderTest.eventually(() -> device.waitingCount() == 4);
      assertThat(server.status().payloadBytesInFlight()).isEqualTo(32 * MIB);
      device.letGo();
      assertAllAnswered(client, 20, 8 * MIB);
    }
  }

  @Test
  void aLargeRequestGetsItsTurnWhileOthersUseTheCommonMemory() throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 2, 1);
        ServerUnderTest server =
            ServerUnderTest.serving(Map.of("", device), o -> o.maxBytes(32 * MIB));
        RawClient busy = server.start(ReplyStyle.SIMPLE);
        RawClient large = server.start(ReplyStyle.SIMPLE)) {
      device.hold();
      for (int i = 0; i < 40; i++) {
        busy.request(0, Command.READ, i, 0, 2 * MIB);
      }
      ServerUnderTest.eventually(() -> device.waitingCount() == 16);
      large.request(0, Command.READ, 1, 0, 32 * MIB);
      device.letGo();
      CompletableFuture<Void> reader = CompletableFuture.runAsync(() -> readAll(busy, 40, 2 * MIB));
      assertThat(large.reply(32 * MIB).errno()).isZero();
      assertThat(reader).succeedsWithin(Duration.ofMinutes(4));
    }
  }

  private static void readAll(RawClient client, int count, int dataBytes) {
    try {
      assertAllAnswered(client, count, dataBytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void smallRequestsGoOnWhileAnotherClientHoldsTheCommonMemory() throws IOException {
    try (ReorderingDevice held = new ReorderingDevice(SIZE, 1, 1);
        ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", held, "free", new RamDevice(SIZE)), o -> o.maxBytes(32 * MIB));
        RawClient hog = server.start(ReplyStyle.SIMPLE);
        RawClient small = server.connect()) {
      held.hold();
      hog.request(0, Command.READ, 1, 0, 32 * MIB);
      ServerUnderTest.eventually(() -> held.waitingCount() == 1);
      small.greet(3);
      small.go("free");
      for (int i = 0; i < 100; i++) {
        small.request(0, Command.READ, i, 0, 256 << 10);
        assertThat(small.reply(256 << 10).errno()).isZero();
      }
      held.letGo();
      assertThat(hog.reply(32 * MIB).errno()).isZero();
    }
  }

  @Test
  void aClientThatWaitsForMemoryCanBeClosed() throws IOException {
    try (ReorderingDevice held = new ReorderingDevice(SIZE, 1, 1)) {
      ServerUnderTest server = ServerUnderTest.serving(Map.of("", held), o -> o.maxBytes(32 * MIB));
      RawClient hog = server.start(ReplyStyle.SIMPLE);
      RawClient waiting = server.start(ReplyStyle.SIMPLE);
      held.hold();
      hog.request(0, Command.READ, 1, 0, 32 * MIB);
      ServerUnderTest.eventually(() -> held.waitingCount() == 1);
      waiting.request(0, Command.READ, 1, 0, 32 * MIB);
      waiting.close();
      hog.close();
      held.letGo();
      server.awaitNoConnections();
      server.close();
    }
  }

  @Test
  void connectionsAboveTheLimitAreClosedAtOnce() throws IOException {
    try (ServerUnderTest server =
        ServerUnderTest.serving(Map.of("", new RamDevice(SIZE)), o -> o.maxConnections(3))) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        clients.add(server.start(ReplyStyle.SIMPLE));
      }
      try (RawClient surplus = server.connect()) {
        assertThat(surplus.seesEnd()).isTrue();
      }
      assertThat(server.refused()).isEqualTo(1);
      clients.removeFirst().close();
      ServerUnderTest.eventually(() -> server.status().connectionsOpen() == 2);
      clients.add(server.start(ReplyStyle.SIMPLE));
      assertThat(clients.getLast().read(0, 512)).hasSize(512);
      clients.forEach(RawClient::close);
      assertThat(server.status().connectionsAccepted()).isEqualTo(4);
    }
  }
}
