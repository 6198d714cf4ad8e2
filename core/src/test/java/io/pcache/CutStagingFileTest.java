package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;

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

/** A staging file that somebody cuts while its cache is open. */
@DisplayName("hazard 44: the log takes nothing from a staging file that is cut")
class CutStagingFileTest {
  private static final int WRITES = 64;

  @TempDir private Path folder;
  private Path memory = Path.of("unset");
  private CacheFiles files = new CacheFiles(Path.of("unset"), Path.of("unset"));

  @BeforeEach
  void format() throws IOException {
    memory = StagingFolders.make();
    files = CacheFiles.in(folder).formatted();
  }

  @AfterEach
  void removeMemory() throws IOException {
    StagingFolders.remove(memory);
  }

  private Pcache open() {
    return Pcache.open(files.options().withStagingFolder(memory));
  }

  private Path stagingFile() throws IOException {
    try (Stream<Path> found = Files.list(memory)) {
      return found.findFirst().orElseThrow();
    }
  }

  /** Over all subtrees. */
  private static long offset(int write) {
    return write * (CacheFiles.BACKING_BYTES / WRITES);
  }

  private static void writeAll(Pcache cache, int content) {
    for (int i = 0; i < WRITES; i++) {
      CacheFiles.write(cache, offset(i), content);
    }
  }

  private static void checkAll(Pcache cache, int content) {
    for (int i = 0; i < WRITES; i++) {
      assertThat(CacheFiles.read(cache, offset(i))).as("write %d", i).containsOnly(content);
    }
  }

  @Test
  void whatIsAcknowledgedWithoutTheFileIsThereAfterAnOrderlyClose() throws IOException {
    try (Pcache cache = open()) {
      writeAll(cache, 1);
      cache.flush();
      CacheFiles.setLength(stagingFile(), 0);
      writeAll(cache, 2);
      checkAll(cache, 2);
      cache.flush();
    }
    try (Pcache cache = open()) {
      checkAll(cache, 2);
    }
  }

  @Test
  void whatIsFlushedWithoutTheFileIsThereAfterAKill() throws IOException {
    Pcache killed = open();
    writeAll(killed, 1);
    CacheFiles.setLength(stagingFile(), 0);
    writeAll(killed, 2);
    killed.flush();
    killed.kill();
    try (Pcache cache = open()) {
      checkAll(cache, 2);
      assertThat(cache.status().survivesKill()).isTrue();
    }
  }

  @Test
  void statusNamesTheFileAndNotTheCacheDevice() throws IOException {
    try (Pcache cache = open()) {
      Path file = stagingFile();
      long sizeBytes = Files.size(file);
      CacheFiles.setLength(file, 0);
      writeAll(cache, 2);
      PcacheStatus status = cache.status();
      assertThat(status.survivesKill()).isFalse();
      assertThat(status.staging())
          .isEqualTo("%s was cut from %d to 0 bytes".formatted(file, sizeBytes));
      assertThat(status.faults()).isEqualTo(List.of());
      assertThat(status.dirtyBytes()).isPositive();
    }
  }

  @Test
  void theLogTakesNoKeyFromAFileThatReadsAsZeroes() throws IOException {
    Pcache killed = open();
    writeAll(killed, 1);
    killed.flush();
    writeAll(killed, 2);
    Path file = stagingFile();
    long sizeBytes = Files.size(file);
    CacheFiles.setLength(file, 0);
    CacheFiles.setLength(file, sizeBytes);
    killed.flush();
    killed.kill();
    try (Pcache cache = open()) {
      checkAll(cache, 2);
    }
  }
}
