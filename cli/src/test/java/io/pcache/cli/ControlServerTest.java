package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.agent.Patience;
import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import io.pcache.error.ErrorKind;
import io.pcache.testkit.Command;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class ControlServerTest {
  /** More than are held at once, fewer than may wait to be accepted. */
  private static final int SILENT_CONNECTIONS = 150;

  @TempDir Path folder;
  private Path socket = Path.of("");

  @BeforeEach
  void nameTheSocket() {
    socket = folder.resolve("c.sock");
  }

  @Test
  void aStatusArrivesAsItWasSent() throws IOException {
    try (ControlServer _ = serve(_ -> ControlReply.status(Samples.status(), Samples.clients()))) {
      assertThat(RunningDaemon.ask(socket, ControlRequest.STATUS).status())
          .isEqualTo(Samples.status());
    }
  }

  @Test
  void requestsArriveAsTheyWereSent() throws IOException {
    ControlRequest request = ControlRequest.message(List.of("gc_percent", "\"5\n0\" ü"));
    try (ControlServer _ = serve(received -> ControlReply.text(received.toString()))) {
      assertThat(RunningDaemon.ask(socket, request).text()).isEqualTo(request.toString());
    }
  }

  @Test
  void aFailureKeepsItsMessageAndExitCode() throws IOException {
    ControlHandler failing =
        _ -> {
          throw new BackingFailureException("disk.img: gone");
        };
    try (ControlServer _ = serve(failing)) {
      assertThatThrownBy(() -> RunningDaemon.ask(socket, ControlRequest.STATUS))
          .isInstanceOfSatisfying(
              CommandException.class,
              e -> assertThat(e.exitCode()).isEqualTo(ErrorKind.BACKING_FAILURE.exitCode()))
          .hasMessage("disk.img: gone");
    }
  }

  @Test
  void onlyItsOwnUserMayOpenTheSocket() throws IOException {
    try (ControlServer _ = serve(_ -> ControlReply.text(""))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void nothingIsLeftInTheFolderAfterwards() throws IOException {
    serve(_ -> ControlReply.text("")).close();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theSocketOfTheNextDaemonIsNotTakenAway() throws IOException {
    ControlServer first = serve(_ -> ControlReply.text("first"));
    try (ControlServer _ = serve(_ -> ControlReply.text("next"))) {
      first.close();
      assertThat(socket).exists();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aSocketThatAKilledDaemonLeftIsReplaced() throws IOException {
    leaveSocket();
    try (ControlServer _ = serve(_ -> ControlReply.text("alive"))) {
      assertThat(RunningDaemon.ask(socket, ControlRequest.TABLE).text()).isEqualTo("alive");
    }
  }

  @Test
  void aSocketThatAKilledDaemonLeftIsToldFromOneThatAnswers() throws IOException {
    leaveSocket();
    assertThatThrownBy(() -> RunningDaemon.ask(socket, ControlRequest.STATUS))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining(socket.toString())
        .hasMessageContaining("pcache serve");
  }

  @Test
  void whatIsNoSocketIsToldFromADaemonThatIsGone() throws IOException {
    Files.writeString(socket, "no socket");
    assertThatThrownBy(() -> RunningDaemon.ask(socket, ControlRequest.STATUS))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(socket + " is not a socket");
  }

  @Test
  void whatIsNotASocketIsNotReplaced() throws IOException {
    Files.writeString(socket, "precious");
    assertThatThrownBy(() -> serve(_ -> ControlReply.text("")))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(socket.toString());
    assertThat(socket).hasContent("precious");
    assertThat(folder.toFile().list()).containsExactly("c.sock");
  }

  /** As a device node does, it looks like a socket to who asks only whether it is a file. */
  @Test
  void aFifoIsNotReplaced() throws IOException, InterruptedException {
    Command.run("mkfifo", socket.toString()).succeeded();
    Object before = Files.getAttribute(socket, "unix:ino");
    assertThatThrownBy(() -> serve(_ -> ControlReply.text("")))
        .isInstanceOf(BadOptionException.class)
        .hasMessage(
            "cannot listen on control socket %s: what is there is no socket; move it away, or give another path with --control-socket"
                .formatted(socket));
    assertThat(Files.getAttribute(socket, "unix:ino")).isEqualTo(before);
    assertThat(folder.toFile().list()).containsExactly("c.sock");
  }

  /** A link to nothing would be replaced as well. */
  @Test
  void aLinkIsNotReplaced() throws IOException {
    Files.createSymbolicLink(socket, folder.resolve("nothing"));
    assertThatThrownBy(() -> serve(_ -> ControlReply.text("")))
        .isInstanceOf(BadOptionException.class);
    assertThat(socket).isSymbolicLink();
  }

  @Test
  void aConnectionThatSendsNothingHoldsUpNobody() throws IOException {
    try (ControlServer _ = serve(_ -> ControlReply.text("alive"));
        SocketChannel silent = connect()) {
      assertThat(RunningDaemon.ask(socket, ControlRequest.TABLE).text()).isEqualTo("alive");
      assertThat(silent.isConnected()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{]",
        "null",
        "{}",
        "[]",
        "[null]",
        "3",
        "\"status\"",
        "{\"command\":null}",
        "{\"command\":[\"status\"]}",
        "{\"command\":\"message\",\"arguments\":[null]}",
        "{\"command\":\"message\",\"arguments\":{}}",
        "{\"command\":\"message\",\"arguments\":[[[]]]}",
        "{\"command\":\"status\",\"arguments\":[\"x\"",
        "\u0000",
      })
  void aRequestThatIsNoneIsAnsweredAsSuch(String request) throws IOException {
    assertThat(refusalOf(request)).contains("\"exitCode\":2");
  }

  @Test
  void aRequestThatIsTooDeepOrHasTooManyArgumentsIsAnsweredAsSuch() throws IOException {
    String many = "{\"command\":\"message\",\"arguments\":[" + "\"x\",".repeat(3_000) + "\"\"]}";
    for (String request : List.of("[".repeat(10_000), many, "x".repeat(2 << 20))) {
      assertThat(refusalOf(request)).contains("\"exitCode\":2").hasSizeLessThan(500);
    }
  }

  /** As many as may connect could fill a small heap otherwise, with nothing that means anything. */
  @Test
  void aRequestMayHaveSixteenKibibytes() throws IOException {
    String command = "{\"command\":\"table\"}";
    String longest = command + " ".repeat((16 << 10) - command.length());
    try (ControlServer _ = serve(_ -> ControlReply.text("a table"))) {
      assertThat(answerTo(longest + "\n")).contains("a table");
      assertThat(answerTo(longest + " \n"))
          .contains("not a control message: longer than 16384 bytes", "\"exitCode\":2");
    }
  }

  @Test
  void aReplyMayBeLongerThanARequest() throws IOException {
    String text = "x".repeat(1_000_000);
    try (ControlServer _ = serve(_ -> ControlReply.text(text))) {
      assertThat(RunningDaemon.ask(socket, ControlRequest.TABLE).text()).isEqualTo(text);
    }
  }

  @Test
  void aMessageWithoutArgumentsIsAnsweredByTheKnownOnes() throws IOException {
    assertThat(refusalOf("{\"command\":\"message\"}")).contains("known: gc_percent");
    assertThat(refusalOf("{\"command\":\"message\",\"arguments\":null}")).contains("gc_percent");
  }

  /** What a client meets that sends one line to a real handler; nothing may be logged as a bug. */
  private String refusalOf(String request) throws IOException {
    try (ControlServer _ =
        serve(new CacheControl(new FakeCache(List.of()), Samples::clients, () -> ""))) {
      String answer = answerTo(request + "\n");
      assertThat(answer).contains("\"failure\":\"").doesNotContain("unexpected", "NullPointer");
      return answer;
    }
  }

  @Test
  void aConnectionThatNeverSendsItsRequestIsClosed() throws IOException {
    try (ControlServer _ = serve(_ -> ControlReply.text("alive"))) {
      assertThat(answerTo("{\"command\":")).isEmpty();
    }
  }

  @Test
  void onlySoManyConnectionsAreHeldAtOnce() throws IOException {
    List<SocketChannel> silent = new ArrayList<>();
    try (ControlServer _ = serve(_ -> ControlReply.text("alive"))) {
      long before = openDescriptors();
      for (int i = 0; i < SILENT_CONNECTIONS; i++) {
        silent.add(connect());
      }
      assertThat(answerTo("{\"command\":\"table\",\"arguments\":[]}\n")).contains("alive");
      assertThat(openDescriptors() - before)
          .isLessThan(SILENT_CONNECTIONS + SILENT_CONNECTIONS / 2);
    } finally {
      for (SocketChannel connection : silent) {
        connection.close();
      }
    }
  }

  private static long openDescriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  @Test
  void fieldsOfANewerSideAreIgnored() throws IOException {
    try (ControlServer _ = serve(request -> ControlReply.text(request.command()))) {
      assertThat(answerTo("{\"command\":\"table\",\"arguments\":[],\"since\":9}\n"))
          .contains("table");
    }
  }

  private ControlServer serve(ControlHandler handler) throws IOException {
    return ControlServer.start(socket, handler, Patience.standard());
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  private String answerTo(String request) throws IOException {
    try (SocketChannel connection = connect();
        InputStream in = Channels.newInputStream(connection)) {
      connection.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private void leaveSocket() throws IOException {
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(socket));
    }
  }
}
