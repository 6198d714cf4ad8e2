package io.pcache;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Folders for staging files of one test. */
final class StagingFolders {
  private StagingFolders() {}

  /** Makes a folder on tmpfs; without one the test is skipped. */
  static Path make() throws IOException {
    Path shared = OpenOptions.DEFAULT_STAGING_FOLDER;
    assumeThat(Files.isWritable(shared)).as("%s is there", shared).isTrue();
    return Files.createTempDirectory(shared, "pcache-test");
  }

  /** Where files of killed or abandoned caches may stay until this process ends. */
  static Path ofThisProcess() {
    return OfThisProcess.FOLDER;
  }

  private static final class OfThisProcess {
    static final Path FOLDER = makeUntilExit();

    private static Path makeUntilExit() {
      try {
        Path made = Files.createTempDirectory(OpenOptions.DEFAULT_STAGING_FOLDER, "pcache-test");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> removeOrFail(made)));
        return made;
      } catch (IOException e) {
        // Without a tmpfs no file is made anywhere.
        return OpenOptions.DEFAULT_STAGING_FOLDER;
      }
    }

    private static void removeOrFail(Path folder) {
      try {
        remove(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Removes a folder with all that is in it. */
  static void remove(Path folder) throws IOException {
    List<Path> left;
    try (Stream<Path> found = Files.walk(folder)) {
      left = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : left) {
      Files.delete(path);
    }
  }
}
