package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.pcache.nbd.protocol.Command;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is connected, who was not let in, and what the log says of it. */
@Timeout(600)
class ConnectionStatusTest {
  private static final int SIZE = 64 << 20;

  private final SharedClock clock = new SharedClock();

  @Test
  void aClientShowsWithWhatItHasInFlight() throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 1, 1);
        ServerUnderTest server = ServerUnderTest.serving(Map.of("disk", device), o -> o, clock);
        RawClient client = server.connect()) {
      ServerUnderTest.eventually(() -> server.status().connections().size() == 1);
      ConnectionStatus before = server.status().connections().getFirst();
      assertThat(before.peer()).isEqualTo(server.address() + "#1");
      assertThat(before.user()).isEqualTo(System.getProperty("user.name"));
      assertThat(before.export()).isNull();
      assertThat(before.sinceEpochMillis()).isEqualTo(clock.epochMillis());
      device.hold();
      client.greet(3);
      client.go("disk");
      client.request(0, Command.READ, 1, 0, 2 << 20);
      client.request(0, Command.READ, 2, 0, 4096);
      client.request(0, Command.FLUSH, 3, 0, 0);
      ServerUnderTest.eventually(() -> device.waitingCount() == 3);
      clock.advance(TimeUnit.HOURS.toNanos(1));
      assertThat(server.status().connections())
          .containsExactly(
              new ConnectionStatus(
                  before.peer(),
                  before.user(),
                  "disk",
                  before.sinceEpochMillis(),
                  3,
                  (2 << 20) + 4096));
      device.letGo();
    }
  }

  @Test
  void aTcpClientShowsWithItsAddress() throws IOException {
    try (ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", new RamDevice(SIZE)), o -> o.listen("127.0.0.1:0"), clock);
        RawClient client =
            RawClient.start(server.server().addresses().getLast(), ReplyStyle.SIMPLE)) {
      ServerUnderTest.eventually(() -> server.status().connections().getFirst().export() != null);
      InetSocketAddress address = (InetSocketAddress) client.channel().getLocalAddress();
      assertThat(server.status().connections())
          .singleElement()
          .satisfies(shown -> {
            assertThat(shown.peer()).isEqualTo("127.0.0.1:" + address.getPort() + "#1");
            assertThat(shown.user()).isNull();
            assertThat(shown.export()).isEmpty();
          });
    }
  }

  @Test
  void theOldestOfManyAreListed() throws IOException {
    int count = NbdServerStatus.MAX_LISTED + 5;
    List<RawClient> clients = new ArrayList<>();
    try (ServerUnderTest server =
        ServerUnderTest.serving(
            Map.of("", new RamDevice(SIZE)), o -> o.maxConnections(count), clock)) {
      for (int i = 1; i <= count; i++) {
        int connected = i;
        clock.advance(1);
        clients.add(server.connect());
        ServerUnderTest.eventually(() -> server.status().connectionsOpen() == connected);
      }
      NbdServerStatus status = server.status();
      assertThat(status.connectionsOpen()).isEqualTo(count);
      assertThat(status.connections()).hasSize(NbdServerStatus.MAX_LISTED);
      for (int i = 1; i <= NbdServerStatus.MAX_LISTED; i++) {
        assertThat(status.connections().get(i - 1).peer()).endsWith("#" + i);
      }
      clients.forEach(RawClient::close);
    }
  }

  @Test
  void whoIsRefusedIsCountedWithTheReasonAndLoggedOnceAMinute() throws IOException {
    try (LoggedLines log = LoggedLines.of(DismissalLog.class);
        ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", new RamDevice(SIZE)), o -> o.maxConnections(1), clock);
        RawClient only = server.start(ReplyStyle.SIMPLE)) {
      refuse(server, 3);
      assertThat(server.status().dismissals())
          .containsEntry(Dismissal.CONNECTION_LIMIT, 3L)
          .containsEntry(Dismissal.CLOSING, 0L);
      assertThat(log.from(Level.WARN))
          .singleElement()
          .satisfies(line ->
              assertThat(line)
                  .startsWith(
                      server.address() + "#2 refused: as many clients are connected as may be, 1")
                  .contains("(connection-limit so far: 1)"));
      clock.advance(TimeUnit.MINUTES.toNanos(1));
      refuse(server, 2);
      assertThat(log.from(Level.WARN)).hasSize(2);
      assertThat(log.from(Level.WARN).getLast())
          .contains("#5 refused", "(connection-limit so far: 4)");
      assertThat(only.read(0, 512)).hasSize(512);
    }
  }

  private static void refuse(ServerUnderTest server, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      try (RawClient surplus = server.connect()) {
        assertThat(surplus.seesEnd()).isTrue();
      }
    }
  }

  @Test
  void whoBreaksTheProtocolIsCountedAndLoggedSoManyTimesAMinute() throws IOException {
    try (LoggedLines log = LoggedLines.of(DismissalLog.class);
        ServerUnderTest server =
            ServerUnderTest.serving(Map.of("", new RamDevice(SIZE)), o -> o, clock)) {
      for (int i = 0; i < 30; i++) {
        try (RawClient babbling = server.connect()) {
          babbling.send(new byte[] {1});
          assertThat(babbling.seesEnd()).isTrue();
        }
      }
      ServerUnderTest.eventually(() -> server.dismissed(Dismissal.PROTOCOL_VIOLATION) == 30);
      assertThat(log.from(Level.WARN))
          .hasSize(20)
          .first()
          .asString()
          .startsWith(server.address() + "#1 cut off: client flags 0x1000000 hold unknown ones");
    }
  }
}
