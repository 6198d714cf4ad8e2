package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.nbd.RawClient.Reply;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import io.pcache.nbd.protocol.NbdError;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that are answered with an error, and leave the connection in step. */
@Timeout(600)
class RefusalTest {
  private static final int SIZE = 64 << 20;
  private static final int MAX_PAYLOAD = 32 << 20;

  private final RamDevice device = new RamDevice(SIZE);
  private ServerUnderTest server;

  @BeforeEach
  void serve() {
    server = ServerUnderTest.serving(device);
  }

  @AfterEach
  void close() {
    server.close();
  }

  private void assertErrno(
      ReplyStyle style, int errno, int flags, int type, long offset, long length)
      throws IOException {
    try (RawClient client = server.start(style, contextsFor(style))) {
      client.request(flags, type, 5, offset, length);
      Reply reply = client.reply(0);
      assertThat(reply.cookie()).isEqualTo(5);
      assertThat(reply.errno())
          .as("type %d flags %d [%d, +%d)", type, flags, offset, length)
          .isEqualTo(errno);
      assertThat(client.read(0, 512)).hasSize(512);
    }
  }

  private static String[] contextsFor(ReplyStyle style) {
    return style == ReplyStyle.SIMPLE ? new String[0] : new String[] {"base:allocation"};
  }

  private void assertWriteErrno(ReplyStyle style, int errno, int flags, long offset, int length)
      throws IOException {
    try (RawClient client = server.start(style)) {
      assertThat(client.writeAndAwait(flags, offset, new byte[length])).isEqualTo(errno);
      assertThat(client.read(0, 512)).hasSize(512);
    }
  }

  @ParameterizedTest
  @EnumSource
  void rangesOutsideTheExport(ReplyStyle style) throws IOException {
    for (int type : new int[] {Command.READ, Command.CACHE}) {
      assertErrno(style, NbdError.EINVAL, 0, type, SIZE, 512);
      assertErrno(style, NbdError.EINVAL, 0, type, SIZE - 512, 1024);
      assertErrno(style, NbdError.EINVAL, 0, type, -512, 512);
      assertErrno(style, NbdError.EINVAL, 0, type, Long.MAX_VALUE - 511, 512);
    }
    assertErrno(style, NbdError.ENOSPC, 0, Command.WRITE_ZEROES, SIZE - 512, 1024);
    assertErrno(style, NbdError.ENOSPC, 0, Command.WRITE_ZEROES, -1024, 512);
    assertWriteErrno(style, NbdError.ENOSPC, 0, SIZE - 512, 1024);
    assertWriteErrno(style, NbdError.ENOSPC, 0, -512, 512);
  }

  @ParameterizedTest
  @EnumSource
  void rangesThatAreNotWholeSectors(ReplyStyle style) throws IOException {
    for (int type :
        new int[] {Command.READ, Command.CACHE, Command.WRITE_ZEROES, Command.BLOCK_STATUS}) {
      assertErrno(style, NbdError.EINVAL, 0, type, 1, 512);
      assertErrno(style, NbdError.EINVAL, 0, type, 0, 511);
      assertErrno(style, NbdError.EINVAL, 0, type, 0, 0);
    }
    assertWriteErrno(style, NbdError.EINVAL, 0, 256, 512);
    assertWriteErrno(style, NbdError.EINVAL, 0, 0, 100_001);
    assertWriteErrno(style, NbdError.EINVAL, 0, 0, 0);
  }

  @ParameterizedTest
  @EnumSource
  void payloadsThatAreTooLarge(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.EINVAL, 0, Command.READ, 0, MAX_PAYLOAD + 512);
    assertWriteErrno(style, NbdError.EINVAL, 0, 0, MAX_PAYLOAD + 512);
  }

  @ParameterizedTest
  @EnumSource
  void commandsThatAreNotOffered(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.EINVAL, 0, Command.TRIM, 0, 512);
    assertErrno(style, NbdError.EINVAL, 0, 8, 0, 512);
    assertErrno(style, NbdError.EINVAL, 0, 0xffff, 0, 512);
  }

  @ParameterizedTest
  @EnumSource
  void flagsThatDoNotGoWithTheCommand(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.EINVAL, CommandFlag.REQ_ONE, Command.READ, 0, 512);
    assertErrno(style, NbdError.EINVAL, CommandFlag.DF, Command.CACHE, 0, 512);
    assertErrno(style, NbdError.EINVAL, CommandFlag.NO_HOLE, Command.FLUSH, 0, 0);
    assertErrno(style, NbdError.EINVAL, 1 << 15, Command.WRITE_ZEROES, 0, 512);
    assertErrno(style, NbdError.EINVAL, CommandFlag.FAST_ZERO, Command.BLOCK_STATUS, 0, 512);
    assertWriteErrno(style, NbdError.EINVAL, CommandFlag.NO_HOLE, 0, 4096);
  }

  @ParameterizedTest
  @EnumSource(names = "SIMPLE")
  void unfragmentedReadsWithoutStructuredReplies(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.EINVAL, CommandFlag.DF, Command.READ, 0, 512);
  }

  @ParameterizedTest
  @EnumSource
  void fastZeroesAreNotOffered(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.EINVAL, CommandFlag.FAST_ZERO, Command.WRITE_ZEROES, 0, 512);
  }

  @ParameterizedTest
  @EnumSource
  void flushesWithARange(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.EINVAL, 0, Command.FLUSH, 0, 512);
    assertErrno(style, NbdError.EINVAL, 0, Command.FLUSH, 512, 0);
  }

  @ParameterizedTest
  @EnumSource(names = "EXTENDED")
  void extendedWritesWithoutTheirFlagHaveNoPayload(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.EINVAL, 0, Command.WRITE, 0, 512);
  }

  @ParameterizedTest
  @EnumSource(names = "EXTENDED")
  void payloadsOfOtherCommandsAreSkipped(ReplyStyle style) throws IOException {
    try (RawClient client = server.start(style, contextsFor(style))) {
      for (int type :
          new int[] {Command.READ, Command.FLUSH, Command.BLOCK_STATUS, Command.TRIM, 99}) {
        client.request(CommandFlag.PAYLOAD_LEN, type, 9, 0, 5000);
        client.send(new byte[5000]);
        assertThat(client.reply(0).errno()).isEqualTo(NbdError.EINVAL);
      }
      assertThat(client.read(0, 512)).hasSize(512);
    }
  }

  @ParameterizedTest
  @EnumSource(names = "EXTENDED")
  void lengthsOfAlmost64Bits(ReplyStyle style) throws IOException {
    assertErrno(style, NbdError.ENOSPC, 0, Command.WRITE_ZEROES, 512, -512);
    assertErrno(style, NbdError.EINVAL, 0, Command.READ, 0, -512);
    assertErrno(style, NbdError.EINVAL, 0, Command.CACHE, 0, Long.MAX_VALUE - 511);
  }

  @ParameterizedTest
  @EnumSource(names = {"SIMPLE", "EXTENDED"})
  void anAbsurdPayloadEndsTheConnection(ReplyStyle style) throws IOException {
    int flag = style == ReplyStyle.EXTENDED ? CommandFlag.PAYLOAD_LEN : 0;
    try (RawClient client = server.start(style)) {
      client.request(flag, Command.WRITE, 1, 0, 0xffff_fe00L);
      assertThat(client.seesEnd()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void wrongRequestMagicEndsTheConnection(ReplyStyle style) throws IOException {
    ReplyStyle wrong = style == ReplyStyle.EXTENDED ? ReplyStyle.SIMPLE : ReplyStyle.EXTENDED;
    try (RawClient client = server.start(style)) {
      client.send(RawClient.requestBytes(wrong, 0, Command.READ, 1, 0, 512));
      client.send(new byte[4]);
      assertThat(client.seesEnd()).isTrue();
    }
    ServerUnderTest.eventually(() -> server.cutOff() == 1);
  }
}
