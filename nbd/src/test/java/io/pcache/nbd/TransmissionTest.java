package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockRequest;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import io.pcache.nbd.RawClient.Reply;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(600)
class TransmissionTest {
  private static final int SIZE = 80 << 20;
  private static final long SEED = 20_251_122;

  private static byte[] randomBytes(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] contentOf(RamDevice device, long offset, int length) {
    return device.memory().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
  }

  static List<Arguments> stylesAndLengths() {
    List<Arguments> all = new ArrayList<>();
    for (ReplyStyle style : ReplyStyle.values()) {
      for (int length :
          new int[] {512, 4096, 16384, 16896, 32768, 33280, 262144, 300032, 1 << 20, 32 << 20}) {
        all.add(Arguments.of(style, length));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("stylesAndLengths")
  void whatIsWrittenIsRead(ReplyStyle style, int length) throws IOException {
    RamDevice device = new RamDevice(SIZE);
    byte[] data = randomBytes(length, SEED);
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      assertThat(client.writeAndAwait(0, 1536, data)).isZero();
      assertThat(contentOf(device, 1536, length)).isEqualTo(data);
      assertThat(client.read(1536, length)).isEqualTo(data);
    }
  }

  @ParameterizedTest
  @MethodSource("stylesAndLengths")
  void whatCompletesElsewhereIsAnsweredAllTheSame(ReplyStyle style, int length) throws IOException {
    byte[] data = randomBytes(length, SEED);
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 2, SEED);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      assertThat(client.writeAndAwait(0, 1536, data)).isZero();
      assertThat(contentOf(device, 1536, length)).isEqualTo(data);
      assertThat(client.read(1536, length)).isEqualTo(data);
    }
  }

  @ParameterizedTest
  @EnumSource
  void manyRequestsInFlightAreEachAnsweredOnce(ReplyStyle style) throws IOException {
    Random random = new Random(SEED);
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 3, SEED);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      device.memory().copyFrom(MemorySegment.ofArray(randomBytes(SIZE, SEED)));
      for (int round = 0; round < 20; round++) {
        readManyAtOnce(client, device, random);
      }
    }
  }

  /** Simple replies do not say how long they are, so all reads of a round have one length. */
  private static void readManyAtOnce(RawClient client, RamDevice device, Random random)
      throws IOException {
    int length = 512 << random.nextInt(9);
    Map<Long, Long> offsets = new HashMap<>();
    for (long cookie = 1; cookie <= 50; cookie++) {
      long offset = 512L * random.nextInt((SIZE - length) / 512);
      offsets.put(cookie, offset);
      client.request(0, Command.READ, cookie, offset, length);
    }
    while (!offsets.isEmpty()) {
      Reply reply = client.reply(length);
      Long offset = offsets.remove(reply.cookie());
      assertThat(offset).as("cookie %d", reply.cookie()).isNotNull();
      assertThat(reply.data()).isEqualTo(contentOf(device, offset, length));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aClientGetsTheFirstRepliesWhileLaterRequestsAreCarriedOut(ReplyStyle style)
      throws IOException {
    CountDownLatch answered = new CountDownLatch(1);
    RamDevice device =
        new RamDevice(1 << 20) {
          @Override
          public void submit(BlockRequest request) {
            if (request.offsetBytes() == 20 * 512) {
              await(answered);
            }
            super.submit(request);
          }
        };
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      ByteArrayOutputStream requests = new ByteArrayOutputStream();
      for (int i = 0; i <= 20; i++) {
        int flags = style == ReplyStyle.EXTENDED ? CommandFlag.PAYLOAD_LEN : 0;
        requests.writeBytes(
            RawClient.requestBytes(style, flags, Command.WRITE, i + 1, 512L * i, 512));
        requests.writeBytes(new byte[512]);
      }
      client.send(requests.toByteArray());
      for (int i = 0; i < 16; i++) {
        assertThat(client.reply(0).cookie()).isEqualTo(i + 1);
      }
      answered.countDown();
      for (int i = 16; i <= 20; i++) {
        assertThat(client.reply(0).cookie()).isEqualTo(i + 1);
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void flushFuaZeroesAndCacheReachTheDevice(ReplyStyle style) throws IOException {
    int size = 1 << 20;
    RamDevice device = new RamDevice(size);
    device.memory().fill((byte) 1);
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      assertThat(client.carryOut(0, Command.FLUSH, 0, 0).errno()).isZero();
      assertThat(device.flushes).hasValue(1);
      assertThat(client.writeAndAwait(CommandFlag.FUA, 0, randomBytes(512, SEED))).isZero();
      int zeroFlags = CommandFlag.FUA | CommandFlag.NO_HOLE;
      assertThat(client.carryOut(zeroFlags, Command.WRITE_ZEROES, 512, size - 1024).errno())
          .isZero();
      assertThat(device.flushes).as("one of its own, one for the write").hasValue(2);
      assertThat(device.durableWrites).as("the zeroes").hasValue(1);
      assertThat(contentOf(device, 512, size - 1024)).containsOnly(0);
      assertThat(contentOf(device, size - 512, 512)).containsOnly(1);
      assertThat(client.carryOut(CommandFlag.FUA, Command.CACHE, 0, size).errno()).isZero();
      assertThat(device.prefetches).hasValue(1);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRUCTURED", "EXTENDED"})
  void aReadThatMustNotBeFragmentedComesInOneChunk(ReplyStyle style) throws IOException {
    try (ServerUnderTest server = ServerUnderTest.serving(new RamDevice(SIZE));
        RawClient client = server.start(style)) {
      assertThat(client.carryOut(CommandFlag.DF, Command.READ, 0, 32 << 20).data())
          .hasSize(32 << 20);
    }
  }

  @ParameterizedTest
  @EnumSource
  void deviceErrorsBecomeTheirNumbers(ReplyStyle style) throws IOException {
    assertErrno(style, new BackingFailureException("read of sector 5 failed"), 5);
    assertErrno(style, new NoSpaceException("the device is full"), 28);
    assertErrno(style, new ClosedException("the device is closing"), 108);
  }

  private static void assertErrno(ReplyStyle style, PcacheException cause, int errno)
      throws IOException {
    FailingDevice device = new FailingDevice(SIZE, cause);
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      Reply reply = client.carryOut(0, Command.READ, 0, 4096);
      assertThat(reply.errno()).isEqualTo(errno);
      assertThat(reply.message()).isEqualTo(style == ReplyStyle.SIMPLE ? "" : cause.getMessage());
      assertThat(client.writeAndAwait(0, 0, new byte[4096])).isEqualTo(errno);
      assertThat(client.carryOut(0, Command.FLUSH, 0, 0).errno()).isEqualTo(errno);
      assertThat(client.carryOut(0, Command.WRITE_ZEROES, 0, 512).errno()).isEqualTo(errno);
    }
  }

  @ParameterizedTest
  @EnumSource
  void disconnectingWaitsForWhatIsInFlight(ReplyStyle style) throws IOException {
    try (ReorderingDevice device = new ReorderingDevice(SIZE, 2, SEED);
        ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient client = server.start(style)) {
      device.hold();
      for (int i = 0; i < 10; i++) {
        client.write(0, i, 512L * i, randomBytes(512, i));
      }
      client.request(0, Command.DISC, 99, 0, 0);
      ServerUnderTest.eventually(() -> device.waitingCount() == 10);
      device.letGo();
      for (int i = 0; i < 10; i++) {
        assertThat(client.reply(0).errno()).isZero();
      }
      assertThat(client.seesEnd()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFlushCoversWritesOfOtherConnections(ReplyStyle style) throws IOException {
    RamDevice device = new RamDevice(SIZE);
    try (ServerUnderTest server = ServerUnderTest.serving(device);
        RawClient one = server.start(style);
        RawClient two = server.start(style)) {
      byte[] data = randomBytes(4096, SEED);
      assertThat(one.writeAndAwait(0, 8192, data)).isZero();
      assertThat(two.carryOut(0, Command.FLUSH, 0, 0).errno()).isZero();
      assertThat(two.read(8192, 4096)).isEqualTo(data);
      assertThat(device.flushes).hasValue(1);
    }
  }
}
