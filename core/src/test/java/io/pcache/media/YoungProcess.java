package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A process of this JDK that runs one program of these tests, and leaves a crash in a folder. */
record YoungProcess(Path folder) {
  private static final List<String> EXPORTED_PACKAGES =
      List.of("jdk.internal.misc", "jdk.internal.foreign", "jdk.internal.access.foreign");

  /** Returns what the program printed. Fails if it does not end in order. */
  String run(Class<?> program, String options, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(Arrays.asList(options.trim().split(" ", -1)));
    for (String exported : EXPORTED_PACKAGES) {
      command.addAll(List.of("--add-exports", "java.base/" + exported + "=ALL-UNNAMED"));
    }
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + folder.resolve("crash"),
            "-cp",
            System.getProperty("java.class.path"),
            program.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
