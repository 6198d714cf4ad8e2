package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.PcacheStatus;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Commands that ask who is not a daemon of ours, whatever it answers. */
@Timeout(600)
class HostileDaemonTest {
  private static final Duration LIMIT = Duration.ofMinutes(4);

  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("status"),
          List.of("status", "--dm"),
          List.of("status", "--json"),
          List.of("table"),
          List.of("message", "gc_percent", "50"));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "null",
        "[]",
        "[null]",
        "7",
        "\"text\"",
        "{\"status\":null,\"text\":null,\"failure\":null,\"exitCode\":0}",
        "{\"status\":{}}",
        "{\"status\":[]}",
        "{\"status\":{\"faults\":[null]}}",
        "{\"exitCode\":1e999999999}",
        "{\"exitCode\":null}",
        "{\"text\":{}}",
        "{\"failure\":\"\",\"exitCode\":0}",
        "{\"failure\":\"no\",\"exitCode\":0}",
        "{\"failure\":\"no\",\"exitCode\":-256}",
        "{\"failure\":[[[]]],\"exitCode\":0}",
      })
  @DisplayName("hazard 36: a reply that makes no sense is a failure in one line")
  void aReplyThatMakesNoSenseIsAFailureInOneLine(String reply) throws IOException {
    for (List<String> command : COMMANDS) {
      assertFailsInOneLine(ask(command, reply + "\n"));
    }
  }

  @Test
  void aReplyThatIsTooLongOrTooDeepIsAFailureInOneLine() throws IOException {
    for (String reply : List.of("[".repeat(100_000), "x".repeat(2 << 20), "", "{")) {
      assertFailsInOneLine(ask(List.of("status"), reply + "\n"));
    }
    assertFailsInOneLine(ask(List.of("status"), "{\"text\":"));
  }

  static Stream<List<String>> clientsFields() {
    return Stream.concat(
        Stream.of(List.of("clients")),
        Stream.concat(
            Arrays.stream(ClientsStatus.class.getRecordComponents())
                .map(field -> List.of("clients", field.getName())),
            Arrays.stream(ClientsStatus.Client.class.getRecordComponents())
                .map(field -> List.of("clients", "connections", field.getName()))));
  }

  @ParameterizedTest
  @MethodSource("clientsFields")
  void clientsWithoutOneOfTheirFieldsAreShownOrAFailureInOneLine(List<String> path)
      throws IOException {
    for (String value : List.of("null", "7", "{}", "[]", "[null]", "{\"x\":null}", "\"\"")) {
      ObjectNode reply =
          (ObjectNode)
              ControlProtocol.JSON.valueToTree(
                  ControlReply.status(Samples.status(5, List.of("a")), Samples.clients()));
      JsonNode holder = reply;
      for (String name : path.subList(0, path.size() - 1)) {
        JsonNode next = holder.get(name);
        holder = next.isArray() ? next.get(0) : next;
      }
      ((ObjectNode) holder).set(path.getLast(), ControlProtocol.JSON.readTree(value));
      for (List<String> command : COMMANDS.subList(0, 3)) {
        CommandRun run = ask(command, reply + "\n");
        assertThat(run.err()).doesNotContain("unexpected", "NullPointer");
        if (run.exitCode() != 0) {
          assertFailsInOneLine(run);
        }
      }
    }
  }

  static Stream<String> statusFields() {
    return Arrays.stream(PcacheStatus.class.getRecordComponents()).map(RecordComponent::getName);
  }

  /** A field that a person does not need may be missing; the rest is shown then. */
  @ParameterizedTest
  @MethodSource("statusFields")
  void aStatusWithoutOneOfItsFieldsIsShownOrAFailureInOneLine(String field) throws IOException {
    for (boolean removed : new boolean[] {true, false}) {
      ObjectNode reply =
          (ObjectNode)
              ControlProtocol.JSON.valueToTree(
                  ControlReply.status(Samples.status(5, List.of("a")), Samples.clients()));
      ObjectNode status = (ObjectNode) reply.get("status");
      if (removed) {
        status.remove(field);
      } else {
        status.putNull(field);
      }
      for (List<String> command : COMMANDS.subList(0, 3)) {
        CommandRun run = ask(command, reply + "\n");
        assertThat(run.err()).doesNotContain("unexpected", "NullPointer");
        if (run.exitCode() != 0) {
          assertFailsInOneLine(run);
        }
      }
    }
  }

  @Test
  void controlCharactersOfAReplyAreShownEscaped() throws IOException {
    String text = "a\u001b[2Jb\rc\u009bd\u202ee\nf";
    String json = ControlProtocol.JSON.writeValueAsString(text);
    CommandRun table = ask(List.of("table"), "{\"text\":" + json + "}\n");
    assertThat(table.out()).isEqualTo("a\\x1b[2Jb\\x0dc\\x9bd\\u202ee\\x0af\n");
    CommandRun failed = ask(List.of("table"), "{\"failure\":" + json + ",\"exitCode\":10}\n");
    assertThat(failed.exitCode()).isEqualTo(10);
    assertThat(failed.err()).isEqualTo("pcache: a\\x1b[2Jb\\x0dc\\x9bd\\u202ee f\n");
    ControlReply reply = ControlReply.status(Samples.status(5, List.of(text)), null);
    CommandRun status =
        ask(List.of("status"), ControlProtocol.JSON.writeValueAsString(reply) + "\n");
    assertThat(status.out()).endsWith("FAULT       a\\x1b[2Jb\\x0dc\\x9bd\\u202ee\\x0af\n");
    ClientsStatus clients =
        new ClientsStatus(
            1,
            1,
            1,
            0,
            0,
            0,
            0,
            0,
            List.of(new ClientsStatus.Client(text, text, text, 0, 0, 0)),
            Map.of(text, 1L),
            Map.of(text, 1L));
    CommandRun withClients =
        ask(
            List.of("status"),
            ControlProtocol.JSON.writeValueAsString(ControlReply.status(Samples.status(), clients))
                + "\n");
    assertThat(withClients.out())
        .hasLineCount(new StatusText(Samples.status(), clients).toString().lines().toList().size())
        .matches("[ -~\n]*");
  }

  @Test
  void controlCharactersOfAReplyAreEscapedInJsonToo() throws IOException {
    String text = "a\u001bb\u007fc\u009bd\u202ee\udb40\udc01f";
    ControlReply reply = ControlReply.status(Samples.status(5, List.of(text)), null);
    CommandRun status =
        ask(List.of("status", "--json"), ControlProtocol.JSON.writeValueAsString(reply) + "\n");
    assertThat(status.out()).matches("[ -~\n]*");
    assertThat(ControlProtocol.JSON.readTree(status.out()).get("faults").get(0).asString())
        .isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "table", "message gc_percent 50"})
  void aDaemonThatDoesNotAnswerIsGivenUpWithAnExitCodeOfItsOwn(String command) throws IOException {
    List<String> words = List.of((command + " --timeout 1").split(" ", -1));
    // A slow machine may not even get to the socket in that time, and says so.
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> {
          CommandRun run = ask(words, "");
          assertThat(run.exitCode()).isEqualTo(18);
          assertThat(run.err()).contains("1 s", "--timeout", "d.sock").hasLineCount(1);
        });
  }

  @Test
  void aDaemonThatTakesNoConnectionIsGivenUpToo() throws IOException {
    Path socket = folder.resolve("d.sock");
    try (FullBacklog _ = FullBacklog.at(socket)) {
      CommandRun run = CommandRun.of("status", "--timeout", "1", "--socket", socket.toString());
      assertThat(run.exitCode()).isEqualTo(18);
      assertThat(run.err()).contains("1 s", "--timeout").hasLineCount(1);
    }
  }

  private CommandRun ask(List<String> command, String reply) throws IOException {
    Path socket = folder.resolve("d.sock");
    try (FakeDaemon _ = FakeDaemon.answering(socket, reply)) {
      List<String> words = new ArrayList<>(command);
      words.addAll(List.of("--socket", socket.toString()));
      if (!words.contains("--timeout")) {
        words.addAll(List.of("--timeout", "60"));
      }
      return CommandRun.of(words.toArray(String[]::new));
    } finally {
      Files.delete(socket);
    }
  }

  private static void assertFailsInOneLine(CommandRun run) {
    assertThat(run.exitCode()).isBetween(1, 125);
    assertThat(run.err())
        .startsWith("pcache: ")
        .hasLineCount(1)
        .doesNotContain("unexpected", "NullPointer");
  }
}
