package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.error.ClosedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
class DaemonSearchTest {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final String REPLY = "{\"text\":\"a table\"}\n";

  @TempDir Path folder;
  private final StringWriter notes = new StringWriter();
  private Path first = Path.of("");
  private Path second = Path.of("");

  @BeforeEach
  void name() {
    first = folder.resolve("first");
    second = folder.resolve("second");
  }

  private String ask(Duration timeout) throws IOException {
    AnswerLimit limit = new AnswerLimit(timeout);
    DaemonSearch search =
        new DaemonSearch(List.of(first, second), null, limit, new PrintWriter(notes));
    return limit.run(() -> search.call(ControlRequest.TABLE).requireText());
  }

  private String ask() throws IOException {
    return ask(Duration.ofMinutes(1));
  }

  /** As a killed daemon does. */
  private static void leaveSocket(Path socket) throws IOException {
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      var _ = listener.bind(UnixDomainSocketAddress.of(socket));
    }
  }

  @Test
  void theSocketOfAKilledDaemonIsPassedOver() throws IOException {
    leaveSocket(first);
    try (FakeDaemon _ = FakeDaemon.answering(second, REPLY)) {
      assertThat(ask()).isEqualTo("a table");
    }
    assertThat(notes.toString()).isEmpty();
  }

  @Test
  void whatIsNoSocketIsPassedOver() throws IOException {
    var _ = Files.createFile(first);
    try (FakeDaemon _ = FakeDaemon.answering(second, REPLY)) {
      assertThat(ask()).isEqualTo("a table");
    }
  }

  @Test
  void theFirstSocketIsToldWhereNobodyAnswers() throws IOException {
    leaveSocket(first);
    leaveSocket(second);
    assertThatThrownBy(this::ask)
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining(first + ": ");
  }

  @Test
  void aDaemonThatStandsStillIsTheOneThatIsMeant() throws IOException {
    try (FullBacklog _ = FullBacklog.at(first);
        FakeDaemon _ = FakeDaemon.answering(second, REPLY)) {
      // A slow machine may not even get to the socket in that time, and says so.
      await()
          .atMost(LIMIT)
          .untilAsserted(() ->
              assertThatThrownBy(() -> ask(Duration.ofSeconds(1)))
                  .isInstanceOfSatisfying(
                      CommandException.class,
                      e -> assertThat(e.exitCode()).isEqualTo(Failure.EXIT_NO_ANSWER))
                  .hasMessageStartingWith(first + ": "));
    }
  }

  @Test
  void aDaemonThatCannotDoItIsTheOneThatIsMeant() throws IOException {
    try (FakeDaemon _ =
            FakeDaemon.answering(first, "{\"failure\":\"it cannot\",\"exitCode\":17}\n");
        FakeDaemon _ = FakeDaemon.answering(second, REPLY)) {
      assertThatThrownBy(this::ask).isInstanceOf(CommandException.class).hasMessage("it cannot");
    }
  }
}
