package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pcache.cache.recovery.Staging;
import io.pcache.error.BadOptionException;
import io.pcache.format.Identity;
import io.pcache.log.StagingRecord;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.media.SharedMemory;
import io.pcache.media.SharedMemoryFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was acknowledged survives a killed process, flushed or not. */
@DisplayName("hazard 44: an acknowledged write that was not flushed survives a killed process")
class KilledProcessTest {
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 300;

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

  private Pcache open(CacheFiles which, Path stagingFolder) {
    return Pcache.open(which.options().withStagingFolder(stagingFolder));
  }

  private Pcache open() {
    return open(files, memory);
  }

  /** Over all stripes, each block twice. */
  private static void writeAll(Pcache cache, int seed) {
    for (int i = 0; i < BLOCKS; i++) {
      CacheFiles.write(cache, offset(i), 111);
      CacheFiles.write(cache, offset(i), content(i, seed));
    }
  }

  private static int content(int block, int seed) {
    return (block + seed) % 100;
  }

  private static long offset(int block) {
    return block * 31L * BLOCK_BYTES;
  }

  private static void checkAll(Pcache cache, int seed) {
    for (int i = 0; i < BLOCKS; i++) {
      byte[] expected = new byte[BLOCK_BYTES];
      Arrays.fill(expected, (byte) content(i, seed));
      assertThat(CacheFiles.read(cache, offset(i))).as("block %d", i).isEqualTo(expected);
    }
  }

  private List<Path> filesInMemory() throws IOException {
    try (Stream<Path> found = Files.list(memory)) {
      return found.toList();
    }
  }

  @Test
  void everyAcknowledgedWriteIsThereAfterAKill() {
    Pcache killed = open();
    writeAll(killed, 0);
    killed.kill();
    try (Pcache cache = open()) {
      checkAll(cache, 0);
    }
  }

  @Test
  void everyAcknowledgedWriteIsThereAfterManyKills() {
    for (int i = 0; i < 4; i++) {
      Pcache killed = open();
      writeAll(killed, i);
      killed.kill();
      Pcache killedAgain = open();
      checkAll(killedAgain, i);
      killedAgain.kill();
    }
    try (Pcache cache = open()) {
      checkAll(cache, 3);
    }
  }

  @Test
  void whatSurvivedIsWrittenBack() throws IOException {
    Pcache killed = open();
    writeAll(killed, 0);
    killed.kill();
    try (Pcache cache = open()) {
      assertThat(cache.drain((left, atStart) -> {})).isTrue();
    }
    byte[] block = CacheFiles.read(files.backing(), offset(7), BLOCK_BYTES);
    assertThat(block).containsOnly(content(7, 0));
  }

  @Test
  void aCacheInMemoryKeepsThemToo() throws IOException {
    CacheFiles inMemory = CacheFiles.in(memory).formatted();
    Pcache killed = open(inMemory, memory);
    writeAll(killed, 5);
    killed.kill();
    try (Pcache cache = open(inMemory, memory)) {
      checkAll(cache, 5);
    }
  }

  @Test
  void anOrderlyCloseLeavesNothingInMemory() throws IOException {
    try (Pcache cache = open()) {
      writeAll(cache, 0);
      assertThat(filesInMemory()).hasSize(1);
      PcacheStatus status = cache.status();
      assertThat(status.survivesKill()).isTrue();
      assertThat(status.staging()).isEqualTo(filesInMemory().getFirst().toString());
    }
    assertThat(filesInMemory()).isEmpty();
  }

  @Test
  void aRefusedOpenLeavesWhatItFound() throws IOException {
    Pcache killed = open();
    writeAll(killed, 0);
    killed.kill();
    Path other = folder.resolve("other");
    CacheFiles.setLength(other, 2 * CacheFiles.BACKING_BYTES);
    CacheFiles wrong = new CacheFiles(files.cache(), other);
    assertThatThrownBy(() -> open(wrong, memory)).hasMessageContaining("--adopt");
    try (Pcache cache = open()) {
      checkAll(cache, 0);
    }
  }

  @Test
  void writesOfAKilledProcessThatCannotBeReadAreGivenUpOnlyOnRequest() throws IOException {
    Pcache killed = open();
    writeAll(killed, 0);
    killed.kill();
    Path file = filesInMemory().getFirst();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThatThrownBy(this::open)
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(files.cache().toString())
        .hasMessageContaining(file.toString())
        .hasMessageContaining("--give-up-unflushed");
    assertThatThrownBy(() -> Pcache.open(files.options().withStagingFolder(memory).withForce(true)))
        .isInstanceOf(BadOptionException.class);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    try (Pcache cache = open()) {
      checkAll(cache, 0);
      cache.kill();
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    OpenOptions without = files.options().withStagingFolder(memory).withGiveUpUnflushed(true);
    try (Pcache cache = Pcache.open(without)) {
      assertThat(cache.status().survivesKill()).isFalse();
    }
  }

  @Test
  void ofAFileThatWasCutNothingIsBelieved() throws IOException {
    Pcache killed = open();
    CacheFiles.write(killed, 0, 1);
    killed.flush();
    CacheFiles.write(killed, 0, 2);
    killed.kill();
    Path file = filesInMemory().getFirst();
    CacheFiles.setLength(file, 1000);
    SharedMemoryFolder folder = new SharedMemoryFolder(memory, memory, files.cache());
    UUID owner = UUID.fromString(file.getFileName().toString().substring(7, 43));
    try (SharedMemory found = folder.open(owner, Staging.MEMORY_BYTES)) {
      assertThat(new StagingRecord(found).isEmpty()).isTrue();
    }
    try (Pcache cache = open()) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
    }
  }

  @Test
  void whereThereIsNoTmpfsTheCacheOpensAndSaysSo() throws IOException {
    Path notTmpfs = folder;
    assumeThat(Files.getFileStore(notTmpfs).type()).isNotEqualTo("tmpfs");
    try (Pcache cache = open(files, notTmpfs)) {
      writeAll(cache, 0);
      assertThat(cache.status().survivesKill()).isFalse();
      assertThat(cache.status().staging()).contains("is not on tmpfs");
    }
    try (Pcache cache = open(files, folder.resolve("absent"))) {
      checkAll(cache, 0);
      assertThat(cache.status().survivesKill()).isFalse();
      assertThat(cache.status().staging()).contains("No such file or directory");
    }
  }

  @Test
  void aFileThatWasRemovedMeanwhileShows() throws IOException {
    try (Pcache cache = open()) {
      Files.delete(filesInMemory().getFirst());
      assertThat(cache.status().survivesKill()).isFalse();
      assertThat(cache.status().staging()).endsWith("was removed");
    }
  }

  @Test
  void whatAnotherRunHasNotSeenIsNotTakenAfterIt() {
    Pcache killed = open();
    CacheFiles.write(killed, 0, 1);
    killed.flush();
    CacheFiles.write(killed, 0, 2);
    killed.kill();
    Pcache without =
        Pcache.open(
            files.options().withStagingFolder(folder.resolve("absent")).withGiveUpUnflushed(true));
    assertThat(CacheFiles.read(without, 0)).containsOnly(1);
    CacheFiles.write(without, BLOCK_BYTES, 3);
    without.kill();
    try (Pcache cache = open()) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
    }
  }

  /** Bytes at random, and those of a killed run with some changed, over and over. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void anyBytesInMemoryDoNoHarm(long seed) throws IOException {
    Random random = new Random(seed);
    Pcache killed = open();
    CacheFiles.write(killed, offset(1), 1);
    killed.flush();
    CacheFiles.write(killed, offset(1), 2);
    killed.kill();
    Path file = filesInMemory().getFirst();
    byte[] bytes = Files.readAllBytes(file);
    if (seed % 2 == 0) {
      random.nextBytes(bytes);
    } else {
      for (int i = 0; i < 200; i++) {
        bytes[random.nextInt(4096 + 5184)] = (byte) random.nextInt();
      }
    }
    Files.write(file, bytes);
    try (Pcache cache = open()) {
      assertThat(CacheFiles.read(cache, offset(1))).containsAnyOf(1, 2);
      assertThat(cache.status().faults()).isEmpty();
      writeAll(cache, 9);
      checkAll(cache, 9);
    }
  }

  @Test
  void theMarkOfARunIsLaterThanThatOfEveryEarlierOne() {
    long before = 0;
    for (int i = 0; i < 5; i++) {
      open().kill();
      try (Media media = MediaFiles.open(files.cache())) {
        long now = Identity.load(media).orElseThrow().opening().epochMillis();
        assertThat(now).isGreaterThan(before);
        before = now;
      }
    }
  }
}
