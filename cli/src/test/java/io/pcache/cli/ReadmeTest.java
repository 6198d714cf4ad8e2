package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the README says of the command, held against the command. */
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");

  @Test
  void itsExitCodesAreThoseOfTheHelp() throws IOException {
    CommandLine command = PcacheCommand.commandLine();
    StringWriter help = new StringWriter();
    command.usage(new PrintWriter(help, true));
    assertThat(firstNumbers(Files.readString(README), "\\| (\\d+) \\|.*"))
        .isNotEmpty()
        .isEqualTo(firstNumbers(help.toString(), " {2,3}(\\d+) {3}.*"));
  }

  @Test
  void itsThingsToTryAreThoseOfTheDemo() throws IOException {
    String readme = Files.readString(README);
    String demo = DemoDisk.thingsToTry("$U", "bin/pcache").replace('\'', '"');
    assertThat(
            demo.lines()
                .map(String::strip)
                .filter(line -> line.contains("$U") || line.contains("mnt")))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(readme.replace('\'', '"')).contains(line));
  }

  private static List<Integer> firstNumbers(String text, String linePattern) {
    return Pattern.compile("(?m)^" + linePattern + "$")
        .matcher(text)
        .results()
        .map(match -> Integer.valueOf(match.group(1)))
        .toList();
  }
}
