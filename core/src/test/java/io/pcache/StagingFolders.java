package io.pcache;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
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
