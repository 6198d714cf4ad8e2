package io.pcache.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program that a test runs to its end, with a limit on its time.
 *
 * @param exitCode how it ended
 * @param output what it wrote to both its outputs
 * @param line the command line, for messages
 */
public record Command(int exitCode, String output, String line) {
  private static final long TIMEOUT_SECONDS = 600;

  /**
   * Runs a program found by {@link Tool} or given by its path.
   *
   * @throws AssertionError where it takes longer than ten minutes
   */
  public static Command run(String program, String... arguments)
      throws IOException, InterruptedException {
    return run(Map.of(), program, arguments);
  }

  /** The same with more variables in its environment. */
  static Command run(Map<String, String> environment, String program, String... arguments)
      throws IOException, InterruptedException {
    return run(TIMEOUT_SECONDS, environment, program, arguments);
  }

  /** The same with a limit of its own. */
  static Command run(
      long timeoutSeconds, Map<String, String> environment, String program, String... arguments)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    words.add(program.contains("/") ? program : Tool.require(program).toString());
    words.addAll(List.of(arguments));
    Path output = Files.createTempFile("command", ".log");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      process.getOutputStream().close();
      if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            "%s: not done in %d s%n%s"
                .formatted(String.join(" ", words), timeoutSeconds, Files.readString(output)));
      }
      return new Command(process.exitValue(), Files.readString(output), String.join(" ", words));
    } finally {
      Files.delete(output);
    }
  }

  /**
   * The output of a program that has succeeded, without white space around it; throws {@link
   * AssertionError} otherwise.
   */
  public String succeeded() {
    if (exitCode != 0) {
      throw new AssertionError("%s: exit %d%n%s".formatted(line, exitCode, output));
    }
    return output.strip();
  }
}
