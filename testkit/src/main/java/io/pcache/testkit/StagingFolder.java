package io.pcache.testkit;

import io.pcache.OpenOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the daemons of this process's tests keep their staging files. A killed daemon leaves its
 * file: in the usual folder, a few dozen of them would fill the shared memory of a container.
 */
final class StagingFolder {
  private static final Path FOLDER = makeUntilExit();

  private StagingFolder() {}

  /** The folder, which goes when this process ends; the usual one where none can be made. */
  static Path ofThisProcess() {
    return FOLDER;
  }

  private static Path makeUntilExit() {
    try {
      Path made = Files.createTempDirectory(OpenOptions.DEFAULT_STAGING_FOLDER, "pcache-test");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(made)));
      return made;
    } catch (IOException e) {
      return OpenOptions.DEFAULT_STAGING_FOLDER;
    }
  }

  private static void remove(Path folder) {
    try {
      for (Path path : contentsFirst(folder)) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> contentsFirst(Path folder) throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      return found.sorted(Comparator.reverseOrder()).toList();
    }
  }
}
