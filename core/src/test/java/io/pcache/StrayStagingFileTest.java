package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.BadOptionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The staging file of a killed process, whose cache device has another number by now. A file under
 * another name looks the same to the next open as a device under another number.
 */
@DisplayName("hazard 44: a killed process's writes are not given up unasked under another number")
class StrayStagingFileTest {
  private static final int BOOT_ID_OFFSET = 32;
  private static final int OPENED_OFFSET = 48;

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

  private OpenOptions options() {
    return files.options().withStagingFolder(memory);
  }

  private Pcache open() {
    return Pcache.open(options());
  }

  private List<Path> filesInMemory() throws IOException {
    try (Stream<Path> found = Files.list(memory)) {
      return found.toList();
    }
  }

  /** Leaves a flushed 1 and an acknowledged 2; returns the staging file. */
  private Path kill() throws IOException {
    Pcache killed = open();
    CacheFiles.write(killed, 0, 1);
    killed.flush();
    CacheFiles.write(killed, 0, 2);
    killed.kill();
    assertThat(filesInMemory()).hasSize(1);
    return filesInMemory().getFirst();
  }

  private static Path toAnotherNumber(Path staged) throws IOException {
    String name = staged.getFileName().toString();
    return Files.move(staged, staged.resolveSibling(name.substring(0, 44) + "7-7.staged"));
  }

  private void checkOpensWith(int content) {
    try (Pcache cache = open()) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(content);
      assertThat(cache.status().survivesKill()).isTrue();
    }
  }

  @Test
  void anOpenIsRefusedWhoseFileIsInTheUsualFolder() throws IOException {
    Pcache killed = Pcache.open(files.options());
    CacheFiles.write(killed, 0, 1);
    Path stray = Path.of(killed.status().staging());
    killed.kill();
    Path own = memory.resolve(stray.getFileName());
    assertThatThrownBy(this::open)
        .isInstanceOf(BadOptionException.class)
        .hasMessageContainingAll(stray.toString(), "move that file to " + own);
    assertThat(filesInMemory()).isEmpty();
    Files.move(stray, own);
    checkOpensWith(1);
  }

  /** The cache device names the folder. */
  @Test
  void anOpenIsRefusedWhoseFileIsInTheFolderOfTheKilledRun() throws IOException {
    Path stray = kill();
    assertThatThrownBy(() -> Pcache.open(files.options()))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContainingAll(stray.toString(), "another --staging folder");
    checkOpensWith(2);
  }

  @Test
  void aRunThatGaveUpEarlierWritesLeavesItsFolderToo() throws IOException {
    Pcache killed = Pcache.open(options().withGiveUpUnflushed(true));
    CacheFiles.write(killed, 0, 2);
    killed.kill();
    assertThatThrownBy(() -> Pcache.open(files.options()))
        .hasMessageContaining(filesInMemory().getFirst().toString());
    checkOpensWith(2);
  }

  @Test
  void aFolderThatIsGoneHidesNothing() throws IOException {
    Files.delete(kill());
    try (Pcache cache = Pcache.open(files.options())) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
    }
  }

  private void zero(long offset, int bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(files.cache(), StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(bytes), offset);
    }
  }

  /** The record is stored in both slots at an open, so either tells that the run was killed. */
  @ParameterizedTest
  @ValueSource(longs = {0, 2048})
  void theLossOfOneCopyOfTheIdentityRecordHidesNoKilledRun(long slot) throws IOException {
    open().close();
    var _ = kill();
    zero(slot, 1024);
    // The older copy may count a sampled sector that write-back has changed since.
    try (Pcache cache = Pcache.open(options().withAdopt(true))) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(2);
    }
    assertThat(filesInMemory()).isEmpty();
  }

  /** Nothing tells whose file it is, so it is neither used nor changed. */
  @Test
  void withoutTheIdentityRecordTheFileStays() throws IOException {
    Path staged = kill();
    byte[] before = Files.readAllBytes(staged);
    zero(0, 4096);
    try (Pcache cache = Pcache.open(options().withAdopt(true))) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
    }
    assertThat(filesInMemory()).containsExactly(staged);
    assertThat(staged).hasBinaryContent(before);
  }

  private void checkRefused(Path staged, Path stray) throws IOException {
    byte[] before = Files.readAllBytes(stray);
    assertThatThrownBy(this::open)
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(files.cache().toString())
        .hasMessageContaining(stray.toString())
        .hasMessageContaining("another number")
        .hasMessageContaining("move that file to " + staged)
        .hasMessageContaining("--give-up-unflushed");
    assertThat(filesInMemory()).containsExactly(stray);
    assertThat(stray).hasBinaryContent(before);
  }

  @Test
  void anOpenIsRefusedUntilTheFileIsRenamed() throws IOException {
    Path staged = kill();
    Path stray = toAnotherNumber(staged);
    checkRefused(staged, stray);
    checkRefused(staged, stray);
    Files.move(stray, staged);
    checkOpensWith(2);
    assertThat(filesInMemory()).isEmpty();
  }

  @Test
  void theyAreGivenUpOnRequestAndTheFileStays() throws IOException {
    Path stray = toAnotherNumber(kill());
    try (Pcache cache = Pcache.open(options().withGiveUpUnflushed(true))) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
    }
    assertThat(filesInMemory()).containsExactly(stray);
    open().kill();
    checkOpensWith(1);
  }

  @Test
  void aFileThatCannotBeReadMayHoldThem() throws IOException {
    Path staged = kill();
    Path stray = toAnotherNumber(staged);
    Files.setPosixFilePermissions(stray, PosixFilePermissions.fromString("rw-rw-rw-"));
    checkRefused(staged, stray);
    assertThatThrownBy(this::open).hasMessageContaining("cannot be read: " + stray + ": mode");
    Files.setPosixFilePermissions(stray, PosixFilePermissions.fromString("rw-------"));
    Files.move(stray, staged);
    checkOpensWith(2);
  }

  @Test
  void aFileOfAnEarlierRunUnderTheExpectedNameHidesNoOther() throws IOException {
    Path staged = kill();
    byte[] earlier = Files.readAllBytes(staged);
    open().close();
    Path stray = toAnotherNumber(kill());
    Files.write(staged, earlier);
    Files.setPosixFilePermissions(staged, PosixFilePermissions.fromString("rw-------"));
    assertThatThrownBy(this::open).hasMessageContaining("move that file to " + staged);
    assertThat(staged).hasBinaryContent(earlier);
    assertThat(filesInMemory()).containsExactlyInAnyOrder(staged, stray);
  }

  @Test
  void aCacheThatWasClosedInOrderOpensBesideAnyFile() throws IOException {
    Path staged = kill();
    byte[] earlier = Files.readAllBytes(staged);
    checkOpensWith(2);
    Files.write(staged, earlier);
    var _ = toAnotherNumber(staged);
    checkOpensWith(2);
  }

  @Test
  void filesOfAnotherRunBootOrSizeDoNotRefuse() throws IOException {
    checkOpensBesideChanged(OPENED_OFFSET);
    checkOpensBesideChanged(BOOT_ID_OFFSET);
    Path stray = toAnotherNumber(kill());
    CacheFiles.setLength(stray, 4096);
    checkOpensWith(1);
  }

  private void checkOpensBesideChanged(int offset) throws IOException {
    Path stray = toAnotherNumber(kill());
    try (FileChannel channel = FileChannel.open(stray, StandardOpenOption.WRITE)) {
      ByteBuffer other = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      channel.write(other.putLong(0, 7), offset);
    }
    checkOpensWith(1);
    Files.delete(stray);
  }

  @Test
  void aCopyOfAServedCacheOpens() throws IOException {
    Path copyFolder = Files.createDirectory(folder.resolve("copy"));
    CacheFiles copy = CacheFiles.in(copyFolder);
    try (Pcache served = open()) {
      CacheFiles.write(served, 0, 1);
      served.flush();
      Files.copy(files.cache(), copy.cache());
      try (Pcache cache = Pcache.open(copy.options().withStagingFolder(memory))) {
        assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
        assertThat(cache.status().survivesKill()).isTrue();
        assertThat(served.status().survivesKill()).isTrue();
      }
    }
  }

  @Test
  void aCopyOfAKilledCacheOpensOnlyOnRequestAndLeavesTheWritesToTheOriginal() throws IOException {
    Path staged = kill();
    CacheFiles copy = CacheFiles.in(Files.createDirectory(folder.resolve("copy")));
    Files.copy(files.cache(), copy.cache());
    OpenOptions ofCopy = copy.options().withStagingFolder(memory);
    assertThatThrownBy(() -> Pcache.open(ofCopy)).hasMessageContaining(staged.toString());
    try (Pcache cache = Pcache.open(ofCopy.withGiveUpUnflushed(true))) {
      assertThat(CacheFiles.read(cache, 0)).containsOnly(1);
    }
    checkOpensWith(2);
  }

  @Test
  void whereNoFileCanBeMadeAnotherIsFoundAllTheSame() throws IOException {
    Path stray = toAnotherNumber(kill());
    Path elsewhere = Files.createDirectory(folder.resolve("notTmpfs"));
    Path copied = Files.copy(stray, elsewhere.resolve(stray.getFileName()));
    Files.setPosixFilePermissions(copied, PosixFilePermissions.fromString("rw-------"));
    assertThatThrownBy(() -> Pcache.open(files.options().withStagingFolder(elsewhere)))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(copied.toString());
  }
}
