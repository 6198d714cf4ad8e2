package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.error.ErrorKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class PcacheCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                                         | give a command
          bogus                                      | unknown command 'bogus'; known: format, repair, drain, serve, status, table, message
          bogus status                               | unknown command 'bogus'
          status extra                               | unexpected argument 'extra'
          status --timeout 0                         | 0
          status --timeout x                         | x
          format                                     | 'CACHE'
          format --bogus                             | '--bogus'
          serve --bogus=1 --cache c                  | --bogus
          format /no/such/file                       | give --size
          format c --size 12X                        | '12X' is not a size
          format c --size                            | '--size'
          repair                                     | 'CACHE'
          serve --cache c                            | --backing
          serve --backing b                          | --cache
          serve --cache c --backing b --gc-percent 256 | 256 is out of range; give 0 to 90
          serve --cache c --backing b --gc-percent x | not a whole number
          serve --max-connections 0                  | '0' is no number of connections; give 1 to 10000
          serve --max-connections 10001              | give 1 to 10000
          serve --max-connections x                  | 'x' is no number of connections
          serve extra                                | 'extra'
          status --dm --json                         | mutually exclusive
          message                                    | 'MESSAGE'
          message --cache c                          | 'MESSAGE'
          """)
  void aCommandLineThatMakesNoSenseIsToldInOneLine(String line, String part) {
    assertThat(run(line)).isEqualTo(ErrorKind.BAD_OPTION.exitCode());
    assertThat(err.toString())
        .startsWith("pcache: ")
        .contains(part)
        .contains("--help)")
        .endsWith("\n")
        .hasLineCount(1);
    assertThat(out.toString()).isEmpty();
  }

  /** Otherwise a daemon could be served from a file, without what the launcher does for one. */
  @Test
  void anArgumentThatBeginsWithAtIsTakenAsItIs(@TempDir Path folder) throws IOException {
    String argument = "@" + Files.writeString(folder.resolve("file"), "--help");
    assertThat(run(argument)).isEqualTo(ErrorKind.BAD_OPTION.exitCode());
    assertThat(err.toString()).contains("unknown command '" + argument + "'");
    assertThat(run("format " + argument)).isEqualTo(ErrorKind.BAD_OPTION.exitCode());
    assertThat(err.toString()).contains(argument + " does not exist");
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"status", "table", "message gc_percent 50"})
  void whereNoDaemonRunsTheExitCodeSaysSo(String command) {
    assertThat(run(command + " --cache /no/such/cache")).isEqualTo(ErrorKind.CLOSED.exitCode());
    assertThat(err.toString()).contains("/no/such/cache: no pcache serves it").hasLineCount(1);
    assertThat(run(command + " --socket /no/such/socket")).isEqualTo(ErrorKind.CLOSED.exitCode());
  }

  @Test
  void verboseShowsWhereAFailureCameFrom() {
    assertThat(run("status -v --cache /no/such/cache")).isEqualTo(ErrorKind.CLOSED.exitCode());
    assertThat(err.toString()).contains("ClosedException").contains("\tat io.pcache.cli.");
  }

  @Test
  void theHelpListsTheExitCodeOfEveryKindOfError() {
    assertThat(run("--help")).isZero();
    assertThat(Arrays.stream(ErrorKind.values()).map(kind -> "%4d   ".formatted(kind.exitCode())))
        .allSatisfy(code -> assertThat(out.toString()).contains("\n" + code));
  }

  static Stream<String> subcommands() {
    return PcacheCommand.commandLine().getSubcommands().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("subcommands")
  void everyCommandHasHelpThatFitsAScreen(String name) {
    assertThat(run(name + " --help")).isZero();
    assertThat(out.toString().lines()).hasSizeGreaterThan(3).allMatch(line -> line.length() <= 100);
  }

  @Test
  void theVersionIsTheBuilds() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).matches("(?s)pcache \\d+\\.\\d+.*Java 2\\d.*").doesNotContain("${");
  }

  @Test
  void bashCompletesEveryCommand() {
    assertThat(run("generate-completion")).isZero();
    assertThat(subcommands()).allSatisfy(name -> assertThat(out.toString()).contains(name));
  }

  private int run(String line) {
    CommandLine command = PcacheCommand.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(line.isEmpty() ? new String[0] : line.split(" +"));
  }
}
