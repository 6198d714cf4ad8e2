package io.pcache.cli;

import io.pcache.testkit.Repository;
import io.pcache.testkit.ServedDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Scripts of bash that start {@code bin/pcache} as {@code "$PCACHE"}, in surroundings that Java
 * cannot make for a process: closed descriptors, an empty environment, limits, names of any bytes.
 */
final class LauncherShell {
  private LauncherShell() {}

  /**
   * A process to be started.
   *
   * @param folder where the script runs
   * @param script of bash
   * @param arguments what it sees as $1 and so on
   */
  static ProcessBuilder of(Path folder, String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of("/bin/bash", "-euc", script, "bash"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("PCACHE", Repository.resolve(ServedDisk.COMMAND).toString());
    builder
        .environment()
        .put(
            "PCACHE_CLASSPATH",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder;
  }

  /** Runs a script to its end; returns all that it printed, stderr included, as UTF-8. */
  static String output(Path folder, String script, String... arguments)
      throws IOException, InterruptedException {
    Process process = of(folder, script, arguments).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exitCode = process.waitFor();
    return output + "exit " + exitCode + "\n";
  }
}
