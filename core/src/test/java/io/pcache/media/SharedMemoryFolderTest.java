package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedMemoryFolderTest {
  private static final Path TMPFS = Path.of("/dev/shm");
  private static final UUID OWNER = new UUID(1, 2);
  private static final long SIZE_BYTES = 1 << 20;

  @TempDir private Path disk;
  private Path folder = Path.of("unset");
  private Path device = Path.of("unset");
  private Path file = Path.of("unset");

  @BeforeEach
  void makeFolder() throws IOException {
    assumeThat(Files.isWritable(TMPFS)).as("%s is there", TMPFS).isTrue();
    folder = Files.createTempDirectory(TMPFS, "pcache-test");
    device = Files.createFile(disk.resolve("device"));
    file = new SharedMemoryFolder(folder, folder, device).file(OWNER);
  }

  @AfterEach
  void removeFolder() throws IOException {
    Files.deleteIfExists(file);
    Files.deleteIfExists(folder);
  }

  private SharedMemory open(Path where) {
    return new SharedMemoryFolder(where, where, device).open(OWNER, SIZE_BYTES);
  }

  private void checkRefused(Path where, String why) {
    try (SharedMemory memory = open(where)) {
      assertThat(memory.outlivesProcess()).isFalse();
      assertThat(memory.describe()).contains(why);
      memory.store(0, 7);
      assertThat(memory.bytes().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(7);
    }
  }

  @Test
  void theNextProcessFindsWhatWasStored() {
    try (SharedMemory memory = open(folder)) {
      assertThat(memory.outlivesProcess()).isTrue();
      assertThat(memory.bytes().byteSize()).isEqualTo(SIZE_BYTES);
      memory.store(SIZE_BYTES - Long.BYTES, 42);
    }
    try (SharedMemory memory = open(folder)) {
      assertThat(memory.bytes().get(ValueLayout.JAVA_LONG, SIZE_BYTES - Long.BYTES)).isEqualTo(42);
    }
  }

  /** A folder without permission looks the same, but not to root. */
  @Test
  void whereAFileCannotBeLookedForItMayBeThere() throws IOException {
    Path loop = disk.resolve("loop");
    Files.createSymbolicLink(loop, loop);
    assertThat(new SharedMemoryFolder(loop, loop, device).holds(OWNER)).isTrue();
    assertThat(
            new SharedMemoryFolder(disk.resolve("nothing"), disk.resolve("nothing"), device)
                .holds(OWNER))
        .isFalse();
    assertThat(new SharedMemoryFolder(folder, folder, device).holds(OWNER)).isFalse();
    open(folder).close();
    assertThat(new SharedMemoryFolder(folder, folder, device).holds(OWNER)).isTrue();
  }

  @Test
  void onlyItsUserMayOpenTheFile() throws IOException {
    open(folder).close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void allOfItsPagesAreThereFromTheBeginning() throws IOException {
    open(folder).close();
    long blocks = 512;
    Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
    String allocated =
        new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
    assertThat(Long.parseLong(allocated) * blocks).isGreaterThanOrEqualTo(SIZE_BYTES);
  }

  @Test
  void aCopyOfTheDeviceHasMemoryOfItsOwn() throws IOException {
    Path copy = Files.createFile(disk.resolve("copy"));
    assertThat(new SharedMemoryFolder(folder, folder, copy).file(OWNER)).isNotEqualTo(file);
  }

  private List<StrayMemory> strays() throws IOException {
    Path other = Files.createFile(disk.resolve("other"));
    List<StrayMemory> found =
        new SharedMemoryFolder(folder, folder, other).strays(OWNER, SIZE_BYTES, "");
    Files.delete(other);
    assertThat(folder).isDirectoryContaining("glob:" + file);
    return found;
  }

  @Test
  void memoryOfAnotherDeviceIsCopiedUnlessItIsCut() throws IOException {
    try (SharedMemory memory = open(folder)) {
      memory.store(SIZE_BYTES - Long.BYTES, 42);
      assertThat(strays().getFirst().isInUse()).isTrue();
    }
    assertThat(new SharedMemoryFolder(folder, folder, device).strays(OWNER, SIZE_BYTES, ""))
        .isEmpty();
    assertThat(new SharedMemoryFolder(folder, folder, disk).strays(new UUID(3, 4), SIZE_BYTES, ""))
        .isEmpty();
    StrayMemory stray = strays().getFirst();
    assertThat(stray.location()).isEqualTo(file.toString());
    assertThat(stray.isInUse()).isFalse();
    assertThat(stray.contents()).isNotNull();
    assertThat(stray.contents().load(SIZE_BYTES - Long.BYTES)).isEqualTo(42);
    assertThat(stray.contents().bootId()).isNotEqualTo(new UUID(0, 0));
    cut(SIZE_BYTES - 1);
    assertThat(strays()).as("cut").isEmpty();
  }

  @Test
  void memoryOfAnotherDeviceThatCannotBeReadIsNamedUnlessItIsInUse() throws IOException {
    try (SharedMemory memory = open(folder)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
      assertThat(memory.outlivesProcess()).isTrue();
      assertThat(strays().getFirst().isInUse()).isTrue();
    }
    StrayMemory stray = strays().getFirst();
    assertThat(stray.location()).startsWith(file + ": mode");
    assertThat(stray.contents()).isNull();
    Files.delete(file);
    Files.createSymbolicLink(file, device);
    assertThat(strays().getFirst().contents()).as("a symbolic link").isNull();
  }

  @Test
  void whereThereIsNoFolderThereIsNoMemoryOfAnotherDevice() {
    Path absent = disk.resolve("nothing");
    assertThat(new SharedMemoryFolder(absent, absent, device).strays(OWNER, SIZE_BYTES, ""))
        .isEmpty();
  }

  @Test
  void onlyOneProcessUsesItAtATime() {
    try (SharedMemory first = open(folder)) {
      assertThat(first.outlivesProcess()).isTrue();
      checkRefused(folder, "in use");
      assertThat(first.outlivesProcess()).isTrue();
    }
  }

  @Test
  void removedMemoryIsNotFoundAgain() {
    try (SharedMemory memory = open(folder)) {
      memory.store(0, 42);
      memory.remove();
      assertThat(memory.outlivesProcess()).isFalse();
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void memoryWhoseFileIsCutIsGivenUp() throws IOException {
    try (SharedMemory memory = open(folder)) {
      cut(1000);
      assertThat(memory.outlivesProcess()).isFalse();
      assertThat(memory.describe())
          .isEqualTo(file + " was cut from " + SIZE_BYTES + " to 1000 bytes");
      memory.store(SIZE_BYTES - Long.BYTES, 42);
      assertThat(memory.load(SIZE_BYTES - Long.BYTES)).isZero();
    }
  }

  @Test
  void aStoreThatMeetsAMissingPageGivesTheMemoryUp() throws IOException {
    try (SharedMemory memory = open(folder)) {
      cut(0);
      memory.store(0, 42);
      memory.settle();
      cut(SIZE_BYTES);
      assertThat(memory.outlivesProcess()).isFalse();
      assertThat(memory.describe()).isEqualTo(file + " failed: a page of it was lost");
      memory.store(0, (target, at) -> target.set(ValueLayout.JAVA_LONG, at, 7));
      memory.store(Long.BYTES, 7);
      assertThat(memory.bytes().get(ValueLayout.JAVA_LONG, 0)).isZero();
      assertThat(memory.bytes().get(ValueLayout.JAVA_LONG, Long.BYTES)).isZero();
    }
  }

  private void cut(long sizeBytes) throws IOException {
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
      opened.setLength(sizeBytes);
    }
  }

  @Test
  void anotherFileInItsPlaceIsNotRemoved() throws IOException {
    try (SharedMemory memory = open(folder)) {
      Files.delete(file);
      Files.writeString(file, "another");
      memory.remove();
    }
    assertThat(file).hasContent("another");
  }

  @Test
  void symbolicLinksAreNotFollowed() throws IOException {
    Path target = Files.writeString(disk.resolve("target"), "precious");
    Files.createSymbolicLink(file, target);
    checkRefused(folder, "cannot open");
    assertThat(target).hasContent("precious");
  }

  @Test
  void aFileThatOthersMayUseIsRefused() throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
    checkRefused(folder, "mode 600");
  }

  @Test
  void aFileWithTwoNamesIsRefused() throws IOException {
    open(folder).close();
    Path second = Files.createLink(folder.resolve("second"), file);
    checkRefused(folder, "2 names found");
    Files.delete(second);
  }

  @Test
  void whatIsNotOnTmpfsIsRefusedAndNothingStaysThere() throws IOException {
    assumeThat(Files.getFileStore(disk).type()).isNotEqualTo("tmpfs");
    checkRefused(disk, "is not on tmpfs");
    assertThat(disk).isDirectoryNotContaining("glob:**.staged");
  }

  @Test
  void aFullTmpfsIsNoticedWhenOpening() throws IOException {
    try (SmallFileSystem small = SmallFileSystem.mount(disk.resolve("small"), SIZE_BYTES / 2)) {
      checkRefused(small.root(), "no room");
      assertThat(small.root()).isEmptyDirectory();
    }
  }
}
