package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.block.BlockDevice;
import io.pcache.nbd.RawClient.OptionAnswer;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.Handshake;
import io.pcache.nbd.protocol.InfoType;
import io.pcache.nbd.protocol.OptionReply;
import io.pcache.nbd.protocol.OptionType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class HandshakeTest {
  private static final int BOTH_FLAGS = Handshake.FLAG_FIXED_NEWSTYLE | Handshake.FLAG_NO_ZEROES;
  private static final int COMMON_FLAGS = 0b0101_0100_1101;
  private static final int SEND_DF = 1 << 7;

  private final RamDevice disk = new RamDevice(1 << 20);
  private final RamDevice other = new RamDevice(2 << 20);
  private ServerUnderTest server;
  private RawClient client;

  @BeforeEach
  void connect() throws IOException {
    Map<String, BlockDevice> exports = new LinkedHashMap<>();
    exports.put("disk", disk);
    exports.put("other", other);
    server = ServerUnderTest.serving(exports, options -> options.defaultExport("disk"));
    client = server.connect();
  }

  @AfterEach
  void closeAll() {
    client.close();
    server.close();
  }

  private OptionAnswer only(int option, byte... data) throws IOException {
    client.option(option, data);
    OptionAnswer answer = client.answer();
    assertThat(answer.option()).isEqualTo(option);
    return answer;
  }

  @Test
  void exportNameStartsTransmissionWithPaddingUnlessDeclined() throws IOException {
    client.greet(Handshake.FLAG_FIXED_NEWSTYLE);
    client.option(OptionType.EXPORT_NAME, "other".getBytes(StandardCharsets.UTF_8));
    ByteBuffer answer = ByteBuffer.wrap(client.exactly(10 + 124));
    assertThat(answer.getLong()).isEqualTo(2 << 20);
    assertThat(answer.getShort()).isEqualTo((short) COMMON_FLAGS);
    assertThat(client.read(0, 512)).hasSize(512);
  }

  @Test
  void exportNameWithoutFixedNewstyleWorks() throws IOException {
    client.greet(Handshake.FLAG_NO_ZEROES);
    client.option(OptionType.EXPORT_NAME);
    assertThat(ByteBuffer.wrap(client.exactly(10)).getLong()).isEqualTo(1 << 20);
    assertThat(client.read(0, 512)).hasSize(512);
  }

  @Test
  void otherOptionsWithoutFixedNewstyleEndTheConnection() throws IOException {
    client.greet(0);
    client.option(OptionType.LIST);
    assertThat(client.seesEnd()).isTrue();
  }

  @Test
  void exportNameOfAnUnknownExportEndsTheConnection() throws IOException {
    client.greet(BOTH_FLAGS);
    client.option(OptionType.EXPORT_NAME, "none".getBytes(StandardCharsets.UTF_8));
    assertThat(client.seesEnd()).isTrue();
  }

  @Test
  void exportNameAfterExtendedHeadersEndsTheConnection() throws IOException {
    client.greet(BOTH_FLAGS);
    client.agreeOn(ReplyStyle.EXTENDED);
    client.option(OptionType.EXPORT_NAME);
    assertThat(client.seesEnd()).isTrue();
  }

  @Test
  void unknownClientFlagsEndTheConnection() throws IOException {
    client.greet(BOTH_FLAGS | 1 << 7);
    assertThat(client.seesEnd()).isTrue();
  }

  @Test
  void abortIsAcknowledgedAndEndsTheConnection() throws IOException {
    client.greet(BOTH_FLAGS);
    assertThat(only(OptionType.ABORT).type()).isEqualTo(OptionReply.ACK);
    assertThat(client.seesEnd()).isTrue();
  }

  @Test
  void listNamesEveryExport() throws IOException {
    client.greet(BOTH_FLAGS);
    client.option(OptionType.LIST);
    List<OptionAnswer> answers = client.answersUntilLast();
    assertThat(answers).extracting(OptionAnswer::type).containsExactly(2, 2, 1);
    assertThat(answers.get(0).text().substring(4)).isEqualTo("disk");
    assertThat(answers.get(1).text().substring(4)).isEqualTo("other");
  }

  @Test
  void listWithDataIsInvalid() throws IOException {
    client.greet(BOTH_FLAGS);
    assertThat(only(OptionType.LIST, (byte) 1).type()).isEqualTo(OptionReply.ERR_INVALID);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, OptionType.STARTTLS, 12, 255, Integer.MAX_VALUE})
  void unofferedOptionsAreUnsupported(int option) throws IOException {
    client.greet(BOTH_FLAGS);
    assertThat(only(option, (byte) 1, (byte) 2).type()).isEqualTo(OptionReply.ERR_UNSUP);
    client.go("");
  }

  @Test
  void infoDescribesAndLeavesTheHandshakeOpen() throws IOException {
    client.greet(BOTH_FLAGS);
    client.option(
        OptionType.INFO, RawClient.infoQuery("other", InfoType.NAME, InfoType.DESCRIPTION, 99));
    List<OptionAnswer> answers = client.answersUntilLast();
    assertThat(answers).extracting(OptionAnswer::type).containsExactly(3, 3, 3, 3, 1);
    ByteBuffer export = answers.get(0).buffer();
    assertThat(export.getShort()).isEqualTo((short) InfoType.EXPORT);
    assertThat(export.getLong()).isEqualTo(2 << 20);
    assertThat(export.getShort()).isEqualTo((short) COMMON_FLAGS);
    ByteBuffer sizes = answers.get(1).buffer();
    assertThat(sizes.getShort()).isEqualTo((short) InfoType.BLOCK_SIZE);
    assertThat(new int[] {sizes.getInt(), sizes.getInt(), sizes.getInt()})
        .containsExactly(512, 4096, 32 << 20);
    assertThat(answers.get(2).text()).endsWith("other");
    client.go("other");
  }

  @Test
  void goWithStructuredRepliesAdvertisesDf() throws IOException {
    client.greet(BOTH_FLAGS);
    client.agreeOn(ReplyStyle.STRUCTURED);
    ByteBuffer export = client.go("disk").getFirst().buffer();
    assertThat(export.getShort(10)).isEqualTo((short) (COMMON_FLAGS | SEND_DF));
  }

  @Test
  void theEmptyNameMeansTheDefaultExport() throws IOException {
    client.greet(BOTH_FLAGS);
    assertThat(client.go("").getFirst().buffer().getLong(2)).isEqualTo(1 << 20);
  }

  @Test
  void goForAnUnknownExportIsRefusedAndAnotherMayFollow() throws IOException {
    client.greet(BOTH_FLAGS);
    assertThat(only(OptionType.GO, RawClient.infoQuery("none")).type())
        .isEqualTo(OptionReply.ERR_UNKNOWN);
    client.go("disk");
  }

  @Test
  void malformedInfoIsInvalid() throws IOException {
    client.greet(BOTH_FLAGS);
    byte[] right = RawClient.infoQuery("disk", 0);
    for (int length = 0; length < right.length; length++) {
      byte[] cut = Arrays.copyOf(right, length);
      assertThat(only(OptionType.INFO, cut).type())
          .as("%d bytes", length)
          .isEqualTo(OptionReply.ERR_INVALID);
    }
    byte[] longer = Arrays.copyOf(right, right.length + 1);
    assertThat(only(OptionType.INFO, longer).type()).isEqualTo(OptionReply.ERR_INVALID);
    byte[] lying = right.clone();
    ByteBuffer.wrap(lying).putInt(-1);
    assertThat(only(OptionType.INFO, lying).type()).isEqualTo(OptionReply.ERR_INVALID);
  }

  @Test
  void namesThatAreNotTextAreInvalid() throws IOException {
    client.greet(BOTH_FLAGS);
    byte[] notUtf8 = {0, 0, 0, 1, (byte) 0xff, 0, 0};
    assertThat(only(OptionType.INFO, notUtf8).type()).isEqualTo(OptionReply.ERR_INVALID);
    assertThat(only(OptionType.INFO, RawClient.infoQuery("a\0b")).type())
        .isEqualTo(OptionReply.ERR_INVALID);
  }

  @Test
  void longNamesAndLongOptionsAreTooBig() throws IOException {
    client.greet(BOTH_FLAGS);
    byte[] longName = RawClient.infoQuery("x".repeat(4097));
    assertThat(only(OptionType.INFO, longName).type()).isEqualTo(OptionReply.ERR_TOO_BIG);
    assertThat(only(OptionType.INFO, RawClient.infoQuery("x".repeat(4096))).type())
        .isEqualTo(OptionReply.ERR_UNKNOWN);
    assertThat(only(OptionType.GO, new byte[100_000]).type()).isEqualTo(OptionReply.ERR_TOO_BIG);
    client.go("");
  }

  @Test
  void anAbsurdOptionLengthEndsTheConnection() throws IOException {
    client.greet(BOTH_FLAGS);
    client.send(
        ByteBuffer.allocate(16).putLong(Handshake.OPTION_MAGIC).putInt(7).putInt(-1).array());
    assertThat(client.seesEnd()).isTrue();
  }

  @Test
  void wrongOptionMagicEndsTheConnection() throws IOException {
    client.greet(BOTH_FLAGS);
    client.send(ByteBuffer.allocate(16).putLong(Handshake.NBD_MAGIC).putInt(7).putInt(0).array());
    assertThat(client.seesEnd()).isTrue();
  }

  @Test
  void structuredRepliesAndExtendedHeadersAreAgreedOnOnce() throws IOException {
    client.greet(BOTH_FLAGS);
    assertThat(only(OptionType.STRUCTURED_REPLY, (byte) 0).type())
        .isEqualTo(OptionReply.ERR_INVALID);
    assertThat(only(OptionType.STRUCTURED_REPLY).type()).isEqualTo(OptionReply.ACK);
    assertThat(only(OptionType.STRUCTURED_REPLY).type()).isEqualTo(OptionReply.ERR_INVALID);
    assertThat(only(OptionType.EXTENDED_HEADERS, (byte) 0).type())
        .isEqualTo(OptionReply.ERR_INVALID);
    assertThat(only(OptionType.EXTENDED_HEADERS).type()).isEqualTo(OptionReply.ACK);
    assertThat(only(OptionType.EXTENDED_HEADERS).type()).isEqualTo(OptionReply.ERR_INVALID);
    assertThat(only(OptionType.STRUCTURED_REPLY).type()).isEqualTo(OptionReply.ERR_EXT_HEADER_REQD);
  }

  @Test
  void metaContextsNeedStructuredReplies() throws IOException {
    client.greet(BOTH_FLAGS);
    byte[] query = RawClient.contextQuery("disk", "base:allocation");
    assertThat(only(OptionType.SET_META_CONTEXT, query).type()).isEqualTo(OptionReply.ERR_INVALID);
    assertThat(only(OptionType.LIST_META_CONTEXT, query).type()).isEqualTo(OptionReply.ERR_INVALID);
  }

  private List<String> contexts(int option, String... queries) throws IOException {
    client.option(option, RawClient.contextQuery("disk", queries));
    List<OptionAnswer> answers = client.answersUntilLast();
    assertThat(answers.removeLast().type()).isEqualTo(OptionReply.ACK);
    return answers.stream()
        .map(answer -> answer.buffer().getInt() + " " + answer.text().substring(4))
        .toList();
  }

  @Test
  void metaContextsAreListedByNameAndNamespace() throws IOException {
    client.greet(BOTH_FLAGS);
    client.agreeOn(ReplyStyle.STRUCTURED);
    int list = OptionType.LIST_META_CONTEXT;
    assertThat(contexts(list)).containsExactly("0 base:allocation", "0 pcache:state");
    assertThat(contexts(list, "base:")).containsExactly("0 base:allocation");
    assertThat(contexts(list, "pcache:")).containsExactly("0 pcache:state");
    assertThat(contexts(list, "pcache:state", "qemu:")).containsExactly("0 pcache:state");
    assertThat(contexts(list, "base", "nothing")).isEmpty();
  }

  @Test
  void metaContextsAreChosenByNameAlone() throws IOException {
    client.greet(BOTH_FLAGS);
    client.agreeOn(ReplyStyle.EXTENDED);
    int set = OptionType.SET_META_CONTEXT;
    assertThat(contexts(set, "base:", "pcache:state")).containsExactly("2 pcache:state");
    assertThat(contexts(set)).isEmpty();
    assertThat(contexts(set, "pcache:state", "base:allocation", "base:allocation"))
        .containsExactly("1 base:allocation", "2 pcache:state");
  }

  @Test
  void malformedContextQueriesAreInvalid() throws IOException {
    client.greet(BOTH_FLAGS);
    client.agreeOn(ReplyStyle.STRUCTURED);
    byte[] right = RawClient.contextQuery("disk", "base:allocation");
    for (int length = 0; length < right.length; length++) {
      byte[] cut = Arrays.copyOf(right, length);
      assertThat(only(OptionType.SET_META_CONTEXT, cut).type()).isEqualTo(OptionReply.ERR_INVALID);
    }
    byte[] lying = right.clone();
    ByteBuffer.wrap(lying).putInt(8, 1 << 30);
    assertThat(only(OptionType.SET_META_CONTEXT, lying).type()).isEqualTo(OptionReply.ERR_INVALID);
    assertThat(
            only(OptionType.SET_META_CONTEXT, RawClient.contextQuery("none", "base:allocation"))
                .type())
        .isEqualTo(OptionReply.ERR_UNKNOWN);
  }

  @Test
  void contextsChosenForOneExportDoNotCountForAnother() throws IOException {
    client.greet(BOTH_FLAGS);
    client.agreeOn(ReplyStyle.STRUCTURED);
    assertThat(contexts(OptionType.SET_META_CONTEXT, "base:allocation")).hasSize(1);
    client.go("other");
    assertThat(client.carryOut(0, Command.BLOCK_STATUS, 0, 4096).errno()).isEqualTo(22);
  }

  @Test
  void manyOptionsInOneSegmentAreAnsweredInOrder() throws IOException {
    client.greet(BOTH_FLAGS);
    for (int i = 0; i < 100; i++) {
      client.option(1000 + i);
    }
    for (int i = 0; i < 100; i++) {
      assertThat(client.answer().option()).isEqualTo(1000 + i);
    }
  }

  @Test
  void endlessHagglingEndsTheConnection() throws IOException {
    client.greet(BOTH_FLAGS);
    for (int i = 0; i < 1000; i++) {
      assertThat(only(1000).type()).isEqualTo(OptionReply.ERR_UNSUP);
    }
    client.option(1000);
    assertThat(client.seesEnd()).isTrue();
  }

  /** Time passes only once it has been greeted, however slow this thread is. */
  @Test
  void aClientThatDoesNotFinishTheHandshakeIsDropped() throws IOException {
    SharedClock clock = new SharedClock();
    try (ServerUnderTest hasty =
            ServerUnderTest.serving(
                Map.of("", disk), o -> o.handshakeTimeout(Duration.ofSeconds(1)), clock);
        RawClient silent = hasty.connect()) {
      silent.greet(BOTH_FLAGS);
      clock.advance(TimeUnit.SECONDS.toNanos(2));
      hasty.server().watch();
      assertThat(silent.seesEnd()).isTrue();
      assertThat(hasty.cutOff()).isEqualTo(1);
    }
  }
}
