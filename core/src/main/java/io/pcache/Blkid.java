package io.pcache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks {@code blkid -p} of util-linux, which knows far more file systems and volume managers than
 * {@link KnownContents}. If blkid is not installed, fails, or takes too long, its answer is empty.
 */
final class Blkid {
  private static final Logger LOG = LoggerFactory.getLogger(Blkid.class);
  private static final List<Path> PLACES =
      List.of(Path.of("/usr/sbin/blkid"), Path.of("/sbin/blkid"), Path.of("/usr/bin/blkid"));
  private static final long TIMEOUT_SECONDS = 10;
  private static final int MAX_OUTPUT_BYTES = 16 << 10;
  private static final int EXIT_FOUND = 0;
  private static final int EXIT_AMBIVALENT = 8;

  private Blkid() {}

  /**
   * Returns a description of a device's contents; empty if nothing is found or blkid cannot be run.
   */
  static Optional<String> recognise(Path device) {
    return program().flatMap(program -> ask(program, device, TIMEOUT_SECONDS));
  }

  /** Like {@link #recognise}, from the device's first {@code headBytes} alone. */
  static Optional<String> recogniseHead(Path device, long headBytes) {
    return program().flatMap(program -> askOfHead(program, device, headBytes, TIMEOUT_SECONDS));
  }

  private static Optional<Path> program() {
    return PLACES.stream().filter(Files::isExecutable).findFirst();
  }

  /** Asks a program that behaves like blkid, with a time limit. */
  static Optional<String> ask(Path program, Path device, long timeoutSeconds) {
    return run(
        program,
        List.of("-p", "-o", "export", device.toAbsolutePath().toString()),
        device,
        timeoutSeconds);
  }

  /** Like {@link #ask}, of the device's first {@code headBytes} alone. */
  static Optional<String> askOfHead(
      Path program, Path device, long headBytes, long timeoutSeconds) {
    String size = Long.toString(headBytes);
    return run(
        program,
        List.of("-p", "-o", "export", "-S", size, device.toAbsolutePath().toString()),
        device,
        timeoutSeconds);
  }

  private static Optional<String> run(
      Path program, List<String> arguments, Path device, long timeoutSeconds) {
    ProcessBuilder builder =
        new ProcessBuilder(
                Stream.concat(Stream.of(program.toString()), arguments.stream()).toList())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("LC_ALL", "C");
    try {
      Process process = builder.start();
      if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        LOG.warn("{} took longer than {} s; going on without it", program, timeoutSeconds);
        return Optional.empty();
      }
      try (InputStream output = process.getInputStream()) {
        byte[] text = output.readNBytes(MAX_OUTPUT_BYTES);
        return inWords(process.exitValue(), new String(text, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      LOG.warn("cannot ask {} what {} holds: {}", program, device, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private static Optional<String> inWords(int exitCode, String output) {
    if (exitCode == EXIT_AMBIVALENT) {
      return Optional.of("the signatures of several file systems or volume managers");
    }
    if (exitCode != EXIT_FOUND) {
      return Optional.empty();
    }
    // For a partition blkid also prints its entry in the partition table, which tells nothing about
    // its contents.
    return value(output, "TYPE")
        .map(type -> "what blkid calls " + type)
        .or(() -> value(output, "PTTYPE").map(type -> "a partition table of type " + type));
  }

  private static Optional<String> value(String output, String name) {
    return output
        .lines()
        .filter(line -> line.startsWith(name + "="))
        .map(line -> line.substring(name.length() + 1).replaceAll("[^A-Za-z0-9_.+-]", "?"))
        .findFirst();
  }
}
