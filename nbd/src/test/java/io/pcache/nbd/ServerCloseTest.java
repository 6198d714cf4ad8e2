package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.block.RangeStateVisitor;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.NbdError;
import io.pcache.nbd.protocol.OptionReply;
import io.pcache.nbd.protocol.OptionType;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(600)
class ServerCloseTest {
  private static final int SIZE = 1 << 20;

  @ParameterizedTest
  @EnumSource
  void requestsInFlightAreAnsweredAndNewOnesRefused(ReplyStyle style) throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 1, 1);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      device.hold();
      client.request(0, Command.READ, 1, 0, 4096);
      ServerUnderTest.eventually(() -> device.waitingCount() == 1);
      Thread closing = Thread.ofPlatform().start(server.server()::close);
      ServerUnderTest.eventually(() -> !server.socket().toFile().exists());
      client.request(0, Command.FLUSH, 2, 0, 0);
      RawClient.Reply refused = client.reply(0);
      assertThat(refused.cookie()).isEqualTo(2);
      assertThat(refused.errno()).isEqualTo(NbdError.ESHUTDOWN);
      device.letGo();
      RawClient.Reply last = client.reply(4096);
      assertThat(last.cookie()).isEqualTo(1);
      assertThat(last.errno()).isZero();
      assertThat(client.seesEnd()).isTrue();
      ServerUnderTest.eventually(() -> !closing.isAlive());
    }
  }

  @Test
  void idleAndHandshakingClientsDoNotDelayIt() throws IOException {
    try (ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", new RamDevice(SIZE)), o -> o.closeTimeout(Duration.ofDays(1)));
        RawClient idle = server.start(ReplyStyle.SIMPLE);
        RawClient handshaking = server.connect()) {
      handshaking.greet(3);
      handshaking.option(OptionType.STRUCTURED_REPLY);
      assertThat(handshaking.answer().type()).isEqualTo(OptionReply.ACK);
      server.server().close();
      assertThat(idle.seesEnd()).isTrue();
      assertThat(handshaking.seesEnd()).isTrue();
    }
  }

  @Test
  void aDeviceThatNeverAnswersDoesNotKeepItForever() throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 1, 1);
        ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", device), o -> o.closeTimeout(Duration.ofMillis(100)));
        RawClient client = server.start(ReplyStyle.SIMPLE)) {
      device.hold();
      client.request(0, Command.READ, 1, 0, 4096);
      ServerUnderTest.eventually(() -> device.waitingCount() == 1);
      server.server().close();
      assertThat(client.seesEnd()).isTrue();
      // The device still owns the buffer: it comes back only when the request completes.
      assertThat(server.status().payloadBytesInFlight()).isEqualTo(4096);
      device.letGo();
      server.awaitNoConnections();
    }
  }

  @Test
  @DisplayName("hazard 30: a connection's thread that the device does not let go delays no close")
  void aThreadThatTheDeviceHoldsDoesNotKeepItForever() throws IOException {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    BlockDevice holding = new HoldingDevice(new RamDevice(SIZE), entered::countDown, letGo);
    try (ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", holding), o -> o.closeTimeout(Duration.ofMillis(100)));
        RawClient client = server.start(ReplyStyle.SIMPLE)) {
      client.request(0, Command.READ, 1, 0, 4096);
      ServerUnderTest.eventually(() -> entered.getCount() == 0);
      server.server().close();
      assertThat(client.seesEnd()).isTrue();
      letGo.countDown();
      server.awaitNoConnections();
    }
  }

  /** Does not return from a submission, as one that waits for a request of its own. */
  private record HoldingDevice(BlockDevice device, Runnable entered, CountDownLatch letGo)
      implements BlockDevice {
    @Override
    public long sizeBytes() {
      return device.sizeBytes();
    }

    @Override
    public void submit(BlockRequest request) {
      entered.run();
      try {
        letGo.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      device.submit(request);
    }

    @Override
    public void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
      device.visitRangeStates(offsetBytes, lengthBytes, visitor);
    }
  }

  @Test
  void idleTcpClientsSeeTheEnd() throws IOException {
    try (ServerUnderTest server =
            ServerUnderTest.serving(
                Map.of("", new RamDevice(SIZE)),
                o -> o.listen("127.0.0.1:0").closeTimeout(Duration.ofDays(1)));
        RawClient idle =
            RawClient.start(server.server().addresses().getLast(), ReplyStyle.EXTENDED)) {
      assertThat(idle.read(0, 4096)).hasSize(4096);
      server.server().close();
      assertThat(idle.seesEnd()).isTrue();
    }
  }

  @Test
  void closingTwiceIsFine() {
    try (ServerUnderTest server = ServerUnderTest.serving(new RamDevice(SIZE))) {
      server.server().close();
    }
  }
}
