package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory that should hold what a killed process had acknowledged, and is gone. */
class MissingStagedKeysTest {
  @TempDir private Path folder;
  private Path memory = Path.of("unset");

  @BeforeEach
  void makeMemory() throws IOException {
    memory = Files.createTempDirectory(OpenOptions.DEFAULT_STAGING_FOLDER, "pcache");
  }

  @AfterEach
  void removeMemory() throws IOException {
    Files.delete(memory);
  }

  private Pcache open() {
    return Pcache.open(
        OpenOptions.of(folder.resolve("cache"), folder.resolve("backing"))
            .withStagingFolder(memory));
  }

  @Test
  @DisplayName("hazard 44: an open after a kill says that the killed process's keys are gone")
  void whatIsMissingAfterAKillIsSaid() throws IOException {
    Pcache.format(FormatOptions.of(folder.resolve("cache")).withSizeBytes(512L << 20));
    SparseFiles.create(folder.resolve("backing"), 64L << 20);
    try (LogLines log = LogLines.of("io.pcache")) {
      open().kill();
      open().close();
      assertThat(log.warnings("staged keys")).isEmpty();
      open().kill();
      Files.delete(stagedFile());
      open().close();
      assertThat(log.warnings("of its staged keys none were found")).hasSize(1);
      open().close();
      assertThat(log.warnings("staged keys")).as("after an orderly close").hasSize(1);
    }
  }

  private Path stagedFile() throws IOException {
    try (Stream<Path> files = Files.list(memory)) {
      List<Path> staged = files.filter(file -> file.toString().endsWith(".staged")).toList();
      assertThat(staged).hasSize(1);
      return staged.getFirst();
    }
  }
}
