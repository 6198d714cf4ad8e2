package io.pcache.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Runs the jcstress tests beside it in JVMs of their own, as that needs: what real processors and
 * compilers make of the engine's plain and volatile fields. {@code -Dpcache.stress.jcstress='-m
 * quick'} replaces the options that keep it short.
 */
class MemoryModelTest {
  private static final String OPTIONS =
      System.getProperty(
          "pcache.stress.jcstress", "-f 1 -iters 1 -time 500 -sc false -af NONE -jvmArgs -Xmx256m");
  private static final Path TARGET = Path.of("target").toAbsolutePath();
  private static final Pattern FAILED = Pattern.compile("\\[FAILED] (\\S+)");

  @Test
  void nothingButTheCanaryShowsAForbiddenOutcome() throws IOException, InterruptedException {
    Path log = Files.createTempFile(TARGET, "jcstress", ".log");
    int exit = runJcstress(log);
    String output = Files.readString(log);
    List<String> failed = FAILED.matcher(output).results().map(match -> match.group(1)).toList();
    assertThat(failed).as(output).isNotEmpty().containsOnly(canary());
    assertThat(output).contains("All remaining tests: 1 matching test results");
    assertThat(exit).as("jcstress says that the canary failed").isNotZero();
  }

  private static String canary() {
    return "io.pcache.stress.canary.ReleasedBeforeWrite";
  }

  private static int runJcstress(Path log) throws IOException, InterruptedException {
    Path results = Files.createTempDirectory(TARGET, "jcstress");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-t",
                "io\\.pcache\\.stress\\..*",
                "-r",
                results.toString()));
    command.addAll(List.of(OPTIONS.split(" ")));
    return new ProcessBuilder(command)
        .directory(TARGET.toFile())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start()
        .waitFor();
  }
}
