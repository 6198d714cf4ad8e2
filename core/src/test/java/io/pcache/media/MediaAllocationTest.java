package io.pcache.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.NoSpaceException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache file has every block before it is used, so that a full file system shows early. */
class MediaAllocationTest {
  private static final long SIZE_BYTES = 8 << 20;
  private static final int BLOCK_UNIT_BYTES = 512;

  @TempDir Path folder;

  private static long allocatedBytes(Path path) throws IOException, InterruptedException {
    Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
    String blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assumeTrue(stat.waitFor() == 0, "stat does not know -c here");
    return Long.parseLong(blocks.strip()) * BLOCK_UNIT_BYTES;
  }

  @Test
  void aNewFileHasEveryBlockAndIsItsOwnersAlone() throws IOException, InterruptedException {
    Path path = folder.resolve("cache");
    MediaFiles.allocate(path, SIZE_BYTES);
    assertThat(Files.size(path)).isEqualTo(SIZE_BYTES);
    assertThat(allocatedBytes(path)).isGreaterThanOrEqualTo(SIZE_BYTES);
    assertThat(Files.getPosixFilePermissions(path))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void holesOfAnExistingFileAreFilledAndItsBytesKept() throws IOException, InterruptedException {
    Path path = folder.resolve("cache");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(SIZE_BYTES / 2);
      file.seek(4096);
      file.write(42);
    }
    MediaFiles.allocate(path, SIZE_BYTES);
    assertThat(Files.size(path)).isEqualTo(SIZE_BYTES);
    assertThat(allocatedBytes(path)).isGreaterThanOrEqualTo(SIZE_BYTES);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      file.seek(4096);
      assertThat(file.read()).isEqualTo(42);
    }
  }

  @Test
  void aLargerFileKeepsItsSize() throws IOException {
    Path path = folder.resolve("cache");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(SIZE_BYTES);
    }
    MediaFiles.allocate(path, SIZE_BYTES / 2);
    assertThat(Files.size(path)).isEqualTo(SIZE_BYTES);
  }

  @Test
  void aFileThatIsOpenAsMediaIsNotTouched() throws IOException {
    Path path = folder.resolve("cache");
    MediaFiles.allocate(path, SIZE_BYTES);
    try (Media media = MediaFiles.open(path)) {
      assertThat(media.sizeBytes()).isEqualTo(SIZE_BYTES);
      assertThatThrownBy(() -> MediaFiles.allocate(path, 2 * SIZE_BYTES))
          .isInstanceOf(DeviceInUseException.class);
    }
    assertThat(Files.size(path)).isEqualTo(SIZE_BYTES);
  }

  @Test
  void aFolderThatDoesNotExistIsNamed() {
    Path path = folder.resolve("missing").resolve("cache");
    assertThatThrownBy(() -> MediaFiles.allocate(path, SIZE_BYTES))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining("there is no folder " + path.getParent());
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aLinkThatLeadsNowhereIsNamedWithWhereItLeads() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("cache"), Path.of("gone"));
    assertThatThrownBy(() -> MediaFiles.allocate(link, SIZE_BYTES))
        .isInstanceOf(BadOptionException.class)
        .hasMessageContaining(link + " is a symbolic link to gone, which does not exist");
    assertThat(Files.isSymbolicLink(link)).isTrue();
  }

  @Test
  void aSizeThatNoFileCanHaveIsTooMuch() {
    Path path = folder.resolve("cache");
    assertThatThrownBy(() -> MediaFiles.allocate(path, 1L << 60))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining(path.toString());
    assertThat(path).doesNotExist();
  }

  @Test
  void aFullFileSystemIsSaidAndLeavesNoNewFile() throws IOException {
    try (SmallFileSystem small = SmallFileSystem.mount(folder.resolve("small"), SIZE_BYTES / 2)) {
      Path path = small.root().resolve("cache");
      assertThatThrownBy(() -> MediaFiles.allocate(path, SIZE_BYTES))
          .isInstanceOf(NoSpaceException.class)
          .hasMessageContaining(path.toString())
          .hasMessageContaining("no room to allocate " + SIZE_BYTES + " bytes");
      assertThat(path).doesNotExist();
    }
  }

  @Test
  void aFullFileSystemLeavesAnExistingFileInPlace() throws IOException {
    try (SmallFileSystem small = SmallFileSystem.mount(folder.resolve("small"), SIZE_BYTES / 2)) {
      Path path = small.root().resolve("cache");
      Files.write(path, new byte[] {7});
      assertThatThrownBy(() -> MediaFiles.allocate(path, SIZE_BYTES))
          .isInstanceOf(NoSpaceException.class);
      assertThat(Files.readAllBytes(path)).startsWith(7);
    }
  }
}
