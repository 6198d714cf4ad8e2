package io.pcache.cli;

import io.pcache.error.BadOptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The number of files that the system lets this process have open. Where it is too low, Java fails
 * at a place that follows from nothing: it may not find a class, or the mounts of the system.
 */
final class OpenFilesLimit {
  /** Java, the devices and sockets take half of it. */
  private static final long NEEDED = 128;

  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String NAME = "Max open files";

  private OpenFilesLimit() {}

  /**
   * Checks it.
   *
   * @throws BadOptionException where it is too low
   */
  static void check() throws IOException {
    String soft =
        Files.readAllLines(LIMITS).stream()
            .filter(line -> line.startsWith(NAME))
            .map(line -> line.substring(NAME.length()).strip().replaceFirst("\\s.*", ""))
            .findFirst()
            .orElse("unlimited");
    if (!soft.equals("unlimited") && Long.parseLong(soft) < NEEDED) {
      throw new BadOptionException(
          "this process may have no more than %s files open (ulimit -n), and pcache needs %d; raise the limit, for a service with"
                  .formatted(soft, NEEDED)
              + " LimitNOFILE");
    }
  }
}
