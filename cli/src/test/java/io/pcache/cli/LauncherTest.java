package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bin/pcache}, told to run the classes under test instead of building some. */
@Timeout(600)
class LauncherTest {
  private static final Path LAUNCHER = Path.of("..", "bin", "pcache").toAbsolutePath().normalize();

  @TempDir Path folder;

  @Test
  void itRunsFromAnyFolderAndThroughALink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("p"), LAUNCHER);
    Process process = start(link, "--version");
    assertThat(output(process)).startsWith("pcache ");
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void itHandsOnTheExitCode() throws Exception {
    Process process = start(LAUNCHER, "status");
    assertThat(output(process)).contains("no pcache is running in pcache-data");
    assertThat(process.waitFor()).isEqualTo(17);
  }

  @Test
  void itHandsOnArgumentsAsTheyAre() throws Exception {
    Process process = start(LAUNCHER, "format", "two words *");
    assertThat(output(process)).contains("two words * does not exist");
    assertThat(process.waitFor()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"format", "repair", "serve", "no-such-command", "--no-such-option"})
  void whatMayOpenACacheDeviceHasC2AndWhatComesWithItBeforeMain(String command) throws Exception {
    assertThat(optionsOf(command))
        .containsPattern("TieredStopAtLevel +=+ 4 ")
        .containsPattern("CompilationMode +=+ default ")
        .containsPattern("DelayCompilerStubsGeneration +=+ false ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "table", "message"})
  void whatOpensNoCacheDeviceStartsFast(String command) throws Exception {
    assertThat(optionsOf(command)).containsPattern("TieredStopAtLevel +=+ 1 ");
  }

  /** The virtual machine's, which it prints before it runs the command, whatever comes of that. */
  private String optionsOf(String command) throws Exception {
    ProcessBuilder builder = builder(LAUNCHER, command, "--no-such-option");
    builder.environment().put("JDK_JAVA_OPTIONS", "-XX:+PrintFlagsFinal");
    Process process = builder.start();
    String output = output(process);
    assertThat(process.waitFor()).as(output).isEqualTo(2);
    return output;
  }

  private Process start(Path launcher, String... arguments) throws IOException {
    return builder(launcher, arguments).start();
  }

  private ProcessBuilder builder(Path launcher, String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("PCACHE_CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder.redirectErrorStream(true);
  }

  private static String output(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
