package io.pcache.fuzz;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a harness under Jazzer in a JVM of its own, with little memory and a limit for each input.
 */
final class Fuzzer {
  private static final int SECONDS_PER_INPUT = 20;

  private final Path work;

  /**
   * Creates a runner.
   *
   * @param work where new inputs and failing ones are put
   */
  Fuzzer(Path work) {
    this.work = work;
  }

  /**
   * Fuzzes for a while, or until an input fails.
   *
   * @param name of the folder for what is found
   * @param options for Jazzer
   * @param seeds a folder of inputs to start from, which is only read
   * @return whether no input failed; else the failing one lies in {@link #failures}
   */
  boolean run(
      String name, Class<?> harness, Path seeds, List<String> options, long seconds, Path output)
      throws IOException, InterruptedException {
    Path found = Files.createDirectories(work.resolve("corpus").resolve(name));
    Path failures = Files.createDirectories(failures(name));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx512m",
            "-XX:+EnableDynamicAgentLoading",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dlogback.configurationFile=logback-fuzz.xml",
            "-cp",
            System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + harness.getName(),
            "--instrumentation_includes=io.pcache.**",
            "--reproducer_path=" + failures,
            "-artifact_prefix=" + failures + File.separator,
            "-timeout=" + SECONDS_PER_INPUT,
            "-rss_limit_mb=4096",
            "-print_final_stats=1",
            "-max_total_time=" + seconds,
            found.toString(),
            seeds.toString()));
    command.addAll(options);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    return process.waitFor() == 0;
  }

  /** Where inputs that failed are put. */
  Path failures(String name) {
    return work.resolve("failures").resolve(name);
  }
}
