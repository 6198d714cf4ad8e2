package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.OptionType;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What cannot be the start of a message ends the connection, however little of it has come: no
 * time-out has to run, so all are longer than the test.
 */
@Timeout(600)
class FirstBytesTest {
  private static final int BOTH_FLAGS = Handshake.FLAG_FIXED_NEWSTYLE | Handshake.FLAG_NO_ZEROES;
  private static final int MAGIC_BYTES = 4;

  private ServerUnderTest server;

  @BeforeEach
  void serve() {
    server =
        ServerUnderTest.serving(
            Map.of("", new RamDevice(1 << 20)),
            o -> o.stallTimeout(Duration.ofDays(1)).handshakeTimeout(Duration.ofDays(1)));
  }

  @AfterEach
  void close() {
    server.close();
  }

  private void assertDropped(RawClient client) {
    assertThat(client.seesEnd()).isTrue();
    ServerUnderTest.eventually(() -> server.cutOff() == 1);
  }

  private static byte[] request(ReplyStyle style) {
    return RawClient.requestBytes(style, 0, Command.READ, 1, 0, 512);
  }

  @ParameterizedTest
  @EnumSource
  void theMagicOfTheOtherHeaderIsEnough(ReplyStyle style) throws IOException {
    ReplyStyle other = style == ReplyStyle.EXTENDED ? ReplyStyle.SIMPLE : ReplyStyle.EXTENDED;
    try (RawClient client = server.start(style)) {
      client.send(Arrays.copyOf(request(other), MAGIC_BYTES));
      assertDropped(client);
    }
  }

  /** Of the two headers, the compact one is the shorter: all of it is no extended one. */
  @Test
  void aCompactHeaderAfterExtendedOnesWereAgreedIsEnough() throws IOException {
    try (RawClient client = server.start(ReplyStyle.EXTENDED)) {
      client.send(request(ReplyStyle.SIMPLE));
      assertDropped(client);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void oneWrongByteOfARequestsMagicIsEnough(int right) throws IOException {
    try (RawClient client = server.start(ReplyStyle.SIMPLE)) {
      byte[] start = Arrays.copyOf(request(ReplyStyle.SIMPLE), right + 1);
      start[right] ^= 1;
      client.send(start);
      assertDropped(client);
    }
  }

  @Test
  void aWrongByteIsNoticedBehindAGoodRequestToo() throws IOException {
    try (RawClient client = server.start(ReplyStyle.SIMPLE)) {
      client.send(request(ReplyStyle.SIMPLE));
      assertThat(client.reply(512).errno()).isZero();
      client.send(new byte[1]);
      assertDropped(client);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRightHeaderMayComeByteByByte(ReplyStyle style) throws IOException {
    try (RawClient client = server.start(style)) {
      for (byte each : request(style)) {
        client.send(new byte[] {each});
      }
      assertThat(client.reply(512).errno()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 7})
  void oneWrongByteOfAnOptionsMagicIsEnough(int right) throws IOException {
    try (RawClient client = server.connect()) {
      client.greet(BOTH_FLAGS);
      byte[] start = Arrays.copyOf(RawClient.optionBytes(OptionType.LIST), right + 1);
      start[right] ^= 1;
      client.send(start);
      assertDropped(client);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void unknownClientFlagsAreSeenInTheirFirstByte(int count) throws IOException {
    try (RawClient client = server.connect()) {
      byte[] flags = new byte[count];
      flags[count - 1] = 0x40;
      client.send(flags);
      assertDropped(client);
    }
  }

  @Test
  void anOptionThatNeedsFixedNewstyleIsRefusedWithoutItsLength() throws IOException {
    try (RawClient client = server.connect()) {
      client.greet(0);
      client.send(Arrays.copyOf(RawClient.optionBytes(OptionType.LIST), 12));
      assertDropped(client);
    }
  }

  @Test
  void anExportNameAfterExtendedHeadersIsRefusedWithoutItsLength() throws IOException {
    try (RawClient client = server.connect()) {
      client.greet(BOTH_FLAGS);
      client.agreeOn(ReplyStyle.EXTENDED);
      client.send(Arrays.copyOf(RawClient.optionBytes(OptionType.EXPORT_NAME), 12));
      assertDropped(client);
    }
  }

  @Test
  void anExportNameLongerThanAnyIsRefusedBeforeItComes() throws IOException {
    try (RawClient client = server.connect()) {
      client.greet(BOTH_FLAGS);
      byte[] name = new byte[Handshake.MAX_STRING_BYTES + 1];
      client.send(
          Arrays.copyOf(
              RawClient.optionBytes(OptionType.EXPORT_NAME, name), Handshake.OPTION_HEADER_BYTES));
      assertDropped(client);
    }
  }
}
