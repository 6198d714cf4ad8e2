package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs programs. */
final class Tool {
  private static final long PATIENCE_SECONDS = 90;

  private Tool() {}

  /** Runs to the end, successfully; both outputs, together. */
  static String run(String... command) {
    try {
      Path output = Files.createTempFile("tool", ".out");
      Process process =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
      boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly();
      }
      String text = Files.readString(output, StandardCharsets.UTF_8);
      Files.delete(output);
      assertThat(ended).as("%s ends; it said: %s", command[0], text).isTrue();
      assertThat(process.exitValue()).as("%s: %s", String.join(" ", command), text).isZero();
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while " + command[0] + " ran", e);
    }
  }
}
