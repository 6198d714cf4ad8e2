package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import io.pcache.error.ClosedException;
import io.pcache.error.ErrorKind;
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
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ControlServerTest {
  @TempDir Path folder;
  private Path socket = Path.of("");

  @BeforeEach
  void nameTheSocket() {
    socket = folder.resolve("c.sock");
  }

  @Test
  void aStatusArrivesAsItWasSent() throws IOException {
    try (ControlServer _ = serve(_ -> ControlReply.status(Samples.status()))) {
      assertThat(new ControlClient(socket).call(ControlRequest.STATUS).status())
          .isEqualTo(Samples.status());
    }
  }

  @Test
  void requestsArriveAsTheyWereSent() throws IOException {
    ControlRequest request = ControlRequest.message(List.of("gc_percent", "\"5\n0\" ü"));
    try (ControlServer _ = serve(received -> ControlReply.text(received.toString()))) {
      assertThat(new ControlClient(socket).call(request).text()).isEqualTo(request.toString());
    }
  }

  @Test
  void aFailureKeepsItsMessageAndExitCode() throws IOException {
    ControlHandler failing =
        _ -> {
          throw new BackingFailureException("disk.img: gone");
        };
    try (ControlServer _ = serve(failing)) {
      assertThatThrownBy(() -> new ControlClient(socket).call(ControlRequest.STATUS))
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
  void aSocketThatAKilledDaemonLeftIsReplaced() throws IOException {
    leaveSocket();
    try (ControlServer _ = serve(_ -> ControlReply.text("alive"))) {
      assertThat(new ControlClient(socket).call(ControlRequest.TABLE).text()).isEqualTo("alive");
    }
  }

  @Test
  void aSocketThatAKilledDaemonLeftIsToldFromOneThatAnswers() throws IOException {
    leaveSocket();
    assertThatThrownBy(() -> new ControlClient(socket).call(ControlRequest.STATUS))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining(socket.toString())
        .hasMessageContaining("pcache serve");
  }

  @Test
  void whatIsNoSocketIsToldFromADaemonThatIsGone() throws IOException {
    Files.writeString(socket, "no socket");
    assertThatThrownBy(() -> new ControlClient(socket).call(ControlRequest.STATUS))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(socket + " is not a socket");
  }

  @Test
  void whatIsNotASocketIsNotReplaced() throws IOException {
    Files.writeString(socket, "precious");
    assertThatThrownBy(() -> serve(_ -> ControlReply.text("")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(socket.toString());
    assertThat(socket).hasContent("precious");
    assertThat(folder.toFile().list()).containsExactly("c.sock");
  }

  @Test
  void aConnectionThatSendsNothingHoldsUpNobody() throws IOException {
    try (ControlServer _ = serve(_ -> ControlReply.text("alive"));
        SocketChannel silent = connect()) {
      assertThat(new ControlClient(socket).call(ControlRequest.TABLE).text()).isEqualTo("alive");
      assertThat(silent.isConnected()).isTrue();
    }
  }

  @Test
  void rubbishEndsItsOwnConnectionOnly() throws IOException {
    try (ControlServer _ = serve(_ -> ControlReply.text("alive"))) {
      assertThat(answerTo("{]\n")).isEmpty();
      assertThat(answerTo("null\n")).isEmpty();
      assertThat(new ControlClient(socket).call(ControlRequest.TABLE).text()).isEqualTo("alive");
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
    return ControlServer.start(socket, handler);
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
