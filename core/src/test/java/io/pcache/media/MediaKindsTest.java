package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.MediaFailureException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every kind of media does alike, on a real file of each kind that this machine has. */
class MediaKindsTest {
  private static final long SIZE_BYTES = 2 << 20;
  private static final int MORE_THAN_A_CHUNK = (256 << 10) + 4096 + 512;
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private Path memoryFile = SHARED_MEMORY;

  @TempDir Path folder;

  @AfterEach
  void removeMemoryFile() throws IOException {
    if (!memoryFile.equals(SHARED_MEMORY)) {
      Files.deleteIfExists(memoryFile);
    }
  }

  /** Where a file becomes this kind, or the test is left out. */
  enum Place {
    DISK(MediaKind.FILE),
    SHARED_MEMORY(MediaKind.MEMORY);

    final MediaKind kind;

    Place(MediaKind kind) {
      this.kind = kind;
    }
  }

  private Path newFile(Place place) throws IOException {
    Path path = folder.resolve("media");
    if (place == Place.SHARED_MEMORY) {
      assumeTrue(isTmpfs(SHARED_MEMORY), SHARED_MEMORY + " is not tmpfs here");
      path = Files.createTempFile(SHARED_MEMORY, "pcache-test", ".media");
      memoryFile = path;
    } else {
      assumeTrue(!isTmpfs(folder), "the folder for temporary files is in memory here");
    }
    truncate(path, 0);
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), SIZE_BYTES - 1);
    }
    return path;
  }

  private static boolean isTmpfs(Path path) throws IOException {
    return Files.isDirectory(path) && Files.getFileStore(path).type().equals("tmpfs");
  }

  private static void truncate(Path path, long sizeBytes) throws IOException {
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      file.truncate(sizeBytes);
    }
  }

  private static byte[] randomBytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static byte[] bytes(Media media, long offset, long length) {
    return media.view().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
  }

  @ParameterizedTest
  @EnumSource
  void theKindFollowsFromThePlace(Place place) throws IOException {
    try (Media media = MediaFiles.open(newFile(place))) {
      assertThat(media.kind()).isEqualTo(place.kind);
      assertThat(media.sizeBytes()).isEqualTo(SIZE_BYTES);
      assertThat(media.syncMayBlock()).isEqualTo(place == Place.DISK);
      assertThat(media.view().isReadOnly()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWriteFromTheHeapIsVisibleAtOnce(Place place) throws IOException {
    byte[] expected = randomBytes(MORE_THAN_A_CHUNK);
    try (Media media = MediaFiles.open(newFile(place))) {
      media.write(4096, MemorySegment.ofArray(expected), 0, expected.length);
      assertThat(bytes(media, 4096, expected.length)).isEqualTo(expected);
      assertThat(bytes(media, 0, 4096)).containsOnly(0);
      assertThat(bytes(media, 4096 + expected.length, 4096)).containsOnly(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPartOfNativeMemoryIsVisibleAtOnce(Place place) throws IOException {
    byte[] expected = randomBytes(MORE_THAN_A_CHUNK);
    try (Media media = MediaFiles.open(newFile(place));
        Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(expected.length + 24L);
      MemorySegment.copy(MemorySegment.ofArray(expected), 0, source, 24, expected.length);
      media.write(512, source, 24, expected.length);
      assertThat(bytes(media, 512, expected.length)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource
  void smallRecordsMayLieAnywhere(Place place) throws IOException {
    try (Media media = MediaFiles.open(newFile(place))) {
      media.write(4095, MemorySegment.ofArray(new byte[] {1, 2, 3}), 1, 2);
      media.write(4097, MemorySegment.ofArray(new byte[0]), 0, 0);
      assertThat(bytes(media, 4094, 4)).containsExactly(0, 2, 3, 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void zeroingIsVisibleAtOnceAndStaysInItsRange(Place place) throws IOException {
    byte[] ones = new byte[1 << 20];
    Arrays.fill(ones, (byte) 1);
    try (Media media = MediaFiles.open(newFile(place))) {
      media.write(0, MemorySegment.ofArray(ones), 0, ones.length);
      media.zero(1000, MORE_THAN_A_CHUNK);
      assertThat(bytes(media, 1000, MORE_THAN_A_CHUNK)).containsOnly(0);
      assertThat(bytes(media, 0, 1000)).containsOnly(1);
      assertThat(bytes(media, 1000 + MORE_THAN_A_CHUNK, 1000)).containsOnly(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRecycledRangeHoldsWhatIsWrittenNext(Place place) throws IOException {
    byte[] expected = randomBytes(8192);
    try (Media media = MediaFiles.open(newFile(place))) {
      media.write(0, MemorySegment.ofArray(randomBytes(65_536)), 0, 65_536);
      media.recycle(0, 65_536);
      media.write(0, MemorySegment.ofArray(expected), 0, expected.length);
      media.sync();
      assertThat(bytes(media, 0, expected.length)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatWasSyncedIsThereForTheNextOpener(Place place) throws IOException {
    Path path = newFile(place);
    byte[] expected = randomBytes(4096);
    try (Media media = MediaFiles.open(path)) {
      media.write(8192, MemorySegment.ofArray(expected), 0, expected.length);
      media.sync();
    }
    try (Media media = MediaFiles.open(path)) {
      assertThat(bytes(media, 8192, 4096)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSecondOpenerIsRefusedUntilTheFirstCloses(Place place) throws IOException {
    Path path = newFile(place);
    try (Media media = MediaFiles.open(path)) {
      assertThat(media.sizeBytes()).isPositive();
      assertThatThrownBy(() -> MediaFiles.open(path))
          .isInstanceOf(DeviceInUseException.class)
          .hasMessageContaining("in use by another pcache");
    }
    MediaFiles.open(path).close();
  }

  @ParameterizedTest
  @EnumSource
  void aFileCutShortFailsTheReadThatMeetsItAndNothingElse(Place place) throws IOException {
    Path path = newFile(place);
    try (Media media = MediaFiles.open(path)) {
      truncate(path, 4096);
      assertThatThrownBy(() -> bytes(media, 1 << 20, 4096)).isInstanceOf(InternalError.class);
      assertThat(bytes(media, 0, 4096)).containsOnly(0);
    }
  }

  @Test
  void aMemoryFileCutShortFailsTheWriteThatMeetsIt() throws IOException {
    Path path = newFile(Place.SHARED_MEMORY);
    MemorySegment source = MemorySegment.ofArray(new byte[4096]);
    try (Media media = MediaFiles.open(path)) {
      truncate(path, 4096);
      assertThatThrownBy(() -> media.write(1 << 20, source, 0, 4096))
          .isInstanceOf(MediaFailureException.class)
          .hasMessageContaining(path.toString())
          .hasMessageContaining("near byte 1048576")
          .hasMessageContaining("cut short");
      assertThatThrownBy(() -> media.zero(1 << 20, 4096))
          .isInstanceOf(MediaFailureException.class)
          .hasMessageContaining("near byte 1048576");
      media.write(0, source, 0, 4096);
    }
  }

  @Test
  void noWriteExtendsAFileThatWasCutWithinItsLastPage() throws IOException {
    Path path = newFile(Place.DISK);
    MemorySegment source = MemorySegment.ofArray(new byte[4096]);
    try (Media media = MediaFiles.open(path)) {
      truncate(path, SIZE_BYTES - 512);
      assertThatThrownBy(() -> media.write(SIZE_BYTES - 4096, source, 0, 4096))
          .isInstanceOf(MediaFailureException.class)
          .hasMessageContaining("was cut from %d to %d bytes", SIZE_BYTES, SIZE_BYTES - 512);
      truncate(path, SIZE_BYTES);
      assertThatThrownBy(() -> media.write(4096, source, 0, 4096))
          .isInstanceOf(MediaFailureException.class)
          .hasMessageContaining("was cut");
    }
  }

  @Test
  void aFileThatWasCutTakesTheRecordsThatTellOfIt() throws IOException {
    Path path = newFile(Place.DISK);
    MemorySegment source = MemorySegment.ofArray(new byte[4096]).fill((byte) 7);
    try (Media media = MediaFiles.open(path)) {
      truncate(path, 4096);
      assertThatThrownBy(() -> media.write(8192, source, 0, 4096))
          .isInstanceOf(MediaFailureException.class);
      media.write(0, source, 0, 4096);
      truncate(path, 1024);
      assertThatThrownBy(() -> media.write(0, source, 0, 4096))
          .isInstanceOf(MediaFailureException.class);
      assertThat(Files.readAllBytes(path)).hasSize(1024).containsOnly(7);
    }
  }

  /** The look for a cut before each write must not wait for a device that does not answer. */
  @Test
  void theEndOfAFileStaysResident() throws IOException {
    Path path = newFile(Place.DISK);
    assumeTrue(
        Set.of("ext4", "xfs", "btrfs", "f2fs").contains(Files.getFileStore(path).type()),
        "the folder for temporary files is on no local file system here");
    try (Media _ = MediaFiles.open(path)) {
      // The locked page is the last of several mappings of the file.
      String maps = Files.readString(Path.of("/proc/self/smaps"));
      String end = maps.substring(maps.lastIndexOf(path.toString()));
      assertThat(end.lines().filter(line -> line.startsWith("Locked:")).findFirst())
          .hasValueSatisfying(locked -> assertThat(locked).doesNotContain(" 0 kB"));
    }
  }

  @Test
  void aMissingFileIsABadOption() {
    Path path = folder.resolve("missing");
    assertThatThrownBy(() -> MediaFiles.open(path))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void aFolderIsABadOption() {
    assertThatThrownBy(() -> MediaFiles.open(folder))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("neither a regular file nor a block device");
  }

  @Test
  void onlyMemoryForgetsInAPowerCut() {
    for (MediaKind kind : MediaKind.values()) {
      assertThat(kind.outlivesPowerCut()).isEqualTo(kind != MediaKind.MEMORY);
    }
  }
}
