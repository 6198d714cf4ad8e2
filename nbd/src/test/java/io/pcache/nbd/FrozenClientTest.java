package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.RequestHeader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that stand still in the middle of a message, as suspended virtual machines do. Time
 * passes only as the test says, and the watchdog has looked whenever it does.
 */
@Timeout(600)
@DisplayName("hazard 46: only a client whose memory others wait for is cut off")
class FrozenClientTest {
  private static final int SIZE = 64 << 20;
  private static final int MIB = 1 << 20;
  private static final int LARGEST = 32 * MIB;
  private static final int LIMIT_SECONDS = 5;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final SharedClock clock = new SharedClock();

  /** Where a client stops. */
  enum Frozen {
    IN_A_HEADER,
    IN_A_PAYLOAD,
    TAKING_NO_REPLY;

    void freeze(RawClient client) throws IOException {
      switch (this) {
        case IN_A_HEADER ->
            client.send(
                Arrays.copyOf(
                    RawClient.requestBytes(ReplyStyle.SIMPLE, 0, Command.READ, 1, 0, 512), 9));
        case IN_A_PAYLOAD -> {
          client.request(0, Command.WRITE, 1, 0, LARGEST);
          client.send(new byte[MIB]);
        }
        case TAKING_NO_REPLY -> client.request(0, Command.READ, 1, 0, LARGEST);
      }
    }

    void thaw(RawClient client) throws IOException {
      switch (this) {
        case IN_A_HEADER -> {
          byte[] header = RawClient.requestBytes(ReplyStyle.SIMPLE, 0, Command.READ, 1, 0, 512);
          client.send(Arrays.copyOfRange(header, 9, RequestHeader.COMPACT_BYTES));
          assertThat(client.reply(512).errno()).isZero();
        }
        case IN_A_PAYLOAD -> {
          client.send(new byte[LARGEST - MIB]);
          assertThat(client.reply(0).errno()).isZero();
        }
        case TAKING_NO_REPLY -> assertThat(client.reply(LARGEST).errno()).isZero();
      }
    }
  }

  /** All memory that clients share is as much as one such request takes. */
  private ServerUnderTest serve() {
    return ServerUnderTest.serving(
        Map.of("", new RamDevice(SIZE)),
        o -> o.maxBytes(LARGEST).stallTimeout(Duration.ofSeconds(LIMIT_SECONDS)),
        clock);
  }

  private void pass(ServerUnderTest server, int seconds) {
    for (int i = 0; i < seconds; i++) {
      server.server().watch();
      clock.advance(SECOND_NANOS);
    }
    server.server().watch();
  }

  /** Lets time pass until the watchdog knows that so many stand still. */
  private void awaitStill(ServerUnderTest server, int count) {
    ServerUnderTest.eventually(() -> {
      pass(server, 1);
      return server.status().standingStill() == count;
    });
  }

  private void passUntilCutOff(ServerUnderTest server) {
    ServerUnderTest.eventually(() -> {
      pass(server, 1);
      return server.dismissed(Dismissal.STALLED) == 1;
    });
  }

  private static void awaitHeld(ServerUnderTest server, long bytes) {
    ServerUnderTest.eventually(() -> server.status().payloadBytesInFlight() == bytes);
  }

  /** Sends a request that has to wait for memory of others, and comes back when it does. */
  private static void askForMemory(ServerUnderTest server, RawClient client) throws IOException {
    int before = server.status().memoryWaiters();
    client.request(0, Command.READ, 2, 0, 2 * MIB);
    ServerUnderTest.eventually(() -> server.status().memoryWaiters() == before + 1);
  }

  @ParameterizedTest
  @EnumSource
  void oneThatHarmsNobodyIsKept(Frozen how) throws IOException {
    try (ServerUnderTest server = serve();
        RawClient client = server.startServed(ReplyStyle.SIMPLE);
        RawClient other = server.startServed(ReplyStyle.SIMPLE)) {
      how.freeze(client);
      awaitHeld(server, how == Frozen.IN_A_HEADER ? 0 : LARGEST);
      awaitStill(server, 1);
      for (int i = 0; i < 60; i++) {
        pass(server, 60);
        // What fits a client's own share waits for nobody.
        assertThat(other.read(0, MIB)).hasSize(MIB);
      }
      how.thaw(client);
      assertThat(server.cutOff()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IN_A_PAYLOAD", "TAKING_NO_REPLY"})
  void oneWhoseMemoryOthersWaitForIsCutOffAfterSeconds(Frozen how) throws IOException {
    try (LoggedLines log = LoggedLines.of(DismissalLog.class);
        ServerUnderTest server = serve();
        RawClient client = server.startServed(ReplyStyle.SIMPLE);
        RawClient other = server.startServed(ReplyStyle.SIMPLE)) {
      how.freeze(client);
      awaitHeld(server, LARGEST);
      awaitStill(server, 1);
      pass(server, 3600);
      askForMemory(server, other);
      pass(server, LIMIT_SECONDS - 1);
      assertThat(server.cutOff()).isZero();
      passUntilCutOff(server);
      assertThat(other.reply(2 * MIB).errno()).isZero();
      assertThat(client.seesEnd()).isTrue();
      assertThat(server.dismissed(Dismissal.STALLED)).isOne();
      assertThat(log.from(Level.WARN))
          .singleElement()
          .asString()
          .startsWith(server.address() + "#1 cut off: it stood still")
          .matches(".* for \\d+ s, holding 32768 KiB .*")
          .contains("stalled so far: 1");
    }
  }

  @Test
  void oneThatHoldsNothingIsKeptWhileOthersWait() throws IOException {
    try (ServerUnderTest server = serve();
        RawClient client = server.startServed(ReplyStyle.SIMPLE);
        RawClient holder = server.startServed(ReplyStyle.SIMPLE);
        RawClient other = server.startServed(ReplyStyle.SIMPLE)) {
      Frozen.IN_A_HEADER.freeze(client);
      awaitStill(server, 1);
      pass(server, 60);
      Frozen.TAKING_NO_REPLY.freeze(holder);
      awaitHeld(server, LARGEST);
      askForMemory(server, other);
      passUntilCutOff(server);
      assertThat(other.reply(2 * MIB).errno()).isZero();
      assertThat(holder.seesEnd()).isTrue();
      assertThat(server.cutOff()).isOne();
      Frozen.IN_A_HEADER.thaw(client);
    }
  }

  @Test
  void noMoreAreCutOffThanItTakesAndTheLongestFirst() throws IOException {
    try (ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", new RamDevice(SIZE)),
                o -> o.maxBytes(8L * LARGEST).stallTimeout(Duration.ofSeconds(LIMIT_SECONDS)),
                clock);
        Readers readers = new Readers(server, 8);
        RawClient other = server.startServed(ReplyStyle.SIMPLE)) {
      for (int i = 0; i < 8; i++) {
        Frozen.TAKING_NO_REPLY.freeze(readers.clients.get(i));
        awaitHeld(server, (i + 1L) * LARGEST);
        awaitStill(server, i + 1);
        pass(server, 10);
      }
      askForMemory(server, other);
      passUntilCutOff(server);
      assertThat(other.reply(2 * MIB).errno()).isZero();
      assertThat(readers.clients.getFirst().seesEnd()).isTrue();
      for (RawClient kept : readers.clients.subList(1, 8)) {
        Frozen.TAKING_NO_REPLY.thaw(kept);
      }
      assertThat(server.cutOff()).isOne();
    }
  }

  /** Readers that connect one after the other. */
  private static final class Readers implements AutoCloseable {
    private final List<RawClient> clients = new ArrayList<>();

    Readers(ServerUnderTest server, int count) throws IOException {
      for (int i = 0; i < count; i++) {
        clients.add(server.startServed(ReplyStyle.SIMPLE));
      }
    }

    @Override
    public void close() {
      clients.forEach(RawClient::close);
    }
  }

  @Test
  void frozenOnesThatWaitForEachOtherAreKept() throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 2, 1);
        ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", device),
                o -> o.maxBytes(LARGEST + 8 * MIB).stallTimeout(Duration.ofSeconds(LIMIT_SECONDS)),
                clock);
        RawClient first = server.startServed(ReplyStyle.SIMPLE);
        RawClient second = server.startServed(ReplyStyle.SIMPLE)) {
      second.request(0, Command.READ, 7, 0, 8 * MIB);
      awaitHeld(server, 8 * MIB);
      Frozen.TAKING_NO_REPLY.freeze(first);
      awaitHeld(server, 8 * MIB + LARGEST);
      awaitStill(server, 2);
      askForMemory(server, second);
      pass(server, 3600);
      assertThat(server.cutOff()).isZero();
      Frozen.TAKING_NO_REPLY.thaw(first);
      assertThat(second.reply(8 * MIB).cookie()).isEqualTo(7);
      assertThat(second.reply(2 * MIB).errno()).isZero();
    }
  }

  @Test
  void aByteNowAndThenIsStandingStill() throws IOException {
    try (ServerUnderTest server = serve();
        RawClient client = server.startServed(ReplyStyle.SIMPLE);
        RawClient other = server.startServed(ReplyStyle.SIMPLE)) {
      Frozen.IN_A_PAYLOAD.freeze(client);
      awaitHeld(server, LARGEST);
      askForMemory(server, other);
      ServerUnderTest.eventually(() -> {
        drip(client);
        pass(server, 1);
        return server.dismissed(Dismissal.STALLED) == 1;
      });
      assertThat(other.reply(2 * MIB).errno()).isZero();
      assertThat(client.seesEnd()).isTrue();
      assertThat(server.dismissed(Dismissal.STALLED)).isOne();
    }
  }

  private static void drip(RawClient client) {
    try {
      client.send(new byte[1]);
    } catch (IOException e) {
      assertThat(e).hasMessageMatching("Broken pipe|Connection reset.*");
    }
  }

  @Test
  void oneThatMovesIsKeptHoweverLongOthersWait() throws IOException {
    try (ServerUnderTest server = serve();
        RawClient client = server.startServed(ReplyStyle.SIMPLE);
        RawClient other = server.startServed(ReplyStyle.SIMPLE)) {
      client.request(0, Command.WRITE, 1, 0, LARGEST);
      awaitHeld(server, LARGEST);
      askForMemory(server, other);
      for (int i = 0; i < LARGEST / StallClock.STEP_BYTES; i++) {
        client.send(new byte[StallClock.STEP_BYTES]);
        ServerUnderTest.eventually(() -> {
          server.server().watch();
          return server.status().standingStill() == 0;
        });
        pass(server, LIMIT_SECONDS - 2);
      }
      assertThat(client.reply(0).errno()).isZero();
      assertThat(other.reply(2 * MIB).errno()).isZero();
      assertThat(server.cutOff()).isZero();
    }
  }

  @Test
  void anUnfinishedHandshakeIsNoIdleClient() throws IOException {
    try (LoggedLines log = LoggedLines.of(DismissalLog.class);
        ServerUnderTest server = serve();
        RawClient silent = server.connect()) {
      ServerUnderTest.eventually(() -> server.status().connectionsOpen() == 1);
      pass(server, 10);
      assertThat(server.cutOff()).isZero();
      pass(server, 1);
      assertThat(silent.seesEnd()).isTrue();
      assertThat(server.dismissed(Dismissal.HANDSHAKE_TIMEOUT)).isOne();
      assertThat(log.from(Level.WARN)).singleElement().asString().contains("handshake");
    }
  }

  @Test
  void aCloseWaitsForThemNoLongerThanItMay() throws IOException {
    try (LoggedLines log = LoggedLines.of(DismissalLog.class);
        ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", new RamDevice(SIZE)),
                o -> o.closeTimeout(Duration.ofSeconds(1)),
                clock);
        RawClient inHeader = server.startServed(ReplyStyle.SIMPLE);
        RawClient inPayload = server.startServed(ReplyStyle.SIMPLE);
        RawClient takesNothing = server.startServed(ReplyStyle.SIMPLE)) {
      Frozen.IN_A_HEADER.freeze(inHeader);
      Frozen.IN_A_PAYLOAD.freeze(inPayload);
      Frozen.TAKING_NO_REPLY.freeze(takesNothing);
      awaitHeld(server, 2L * LARGEST);
      server.server().close();
      assertThat(inHeader.seesEnd()).isTrue();
      assertThat(inPayload.seesEnd()).isTrue();
      assertThat(takesNothing.seesEnd()).isTrue();
      server.awaitNoConnections();
      assertThat(server.dismissed(Dismissal.UNFINISHED)).isEqualTo(2);
      assertThat(log.from(Level.WARN))
          .hasSize(2)
          .allSatisfy(line -> assertThat(line).contains("1 of its requests", "server closed"));
    }
  }
}
