package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system with a cache that comes back under another device number. */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON, "/dev/loop-control"})
@RequiresTool({"nbdsh", "losetup", "mkfs.ext4", "mount", "umount"})
class RenumberedDeviceTest {
  private static final Path TMPFS = Path.of("/dev/shm");
  private static final Pattern MOVE = Pattern.compile("move that file to (\\S+);");

  private static final String FLUSHED_AND_ACKNOWLEDGED =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      h.pwrite(b"a" * 4096, 0)
      h.flush()
      h.pwrite(b"b" * 4096, 0)
      """;

  private static final String CHECK_ACKNOWLEDGED =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      assert h.pread(4096, 0) == b"b" * 4096
      """;

  @TempDir private Path folder;
  private Path staging = Path.of("");

  @BeforeEach
  void makeStagingFolder() throws IOException {
    staging = Files.createTempDirectory(TMPFS, "pcache-test");
  }

  @AfterEach
  void removeStagingFolder() throws IOException {
    List<Path> left;
    try (Stream<Path> found = Files.walk(staging)) {
      left = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : left) {
      Files.delete(path);
    }
  }

  private List<Path> staged() throws IOException {
    try (Stream<Path> found = Files.list(staging)) {
      return found.toList();
    }
  }

  @Test
  @DisplayName(
      "hazard 44: a killed daemon's writes are there after its cache was mounted elsewhere")
  void writesOfAKilledDaemonSurviveAnotherDeviceNumber() throws IOException, InterruptedException {
    try (LoopFileSystem mounted = LoopFileSystem.make(folder, 640L << 20)) {
      Path cache = mounted.root().resolve("cache");
      Path backing = SparseFiles.create(folder.resolve("backing"), 64L << 20);
      ServedDisk.pcache("format", cache.toString(), "--size", "512M").succeeded();
      String[] arguments = arguments(cache, backing);
      try (ServedDisk disk = ServedDisk.start(arguments)) {
        LibnbdClient.run(disk.uri(), FLUSHED_AND_ACKNOWLEDGED);
        disk.kill();
      }
      List<Path> left = staged();
      assertThat(left).hasSize(1);
      mounted.remountUnderAnotherNumber();
      Path expected = expectedFile(left.getFirst(), arguments);
      assertThat(staged()).isEqualTo(left);
      Files.move(left.getFirst(), expected);
      try (ServedDisk disk = ServedDisk.start(arguments)) {
        LibnbdClient.run(disk.uri(), CHECK_ACKNOWLEDGED);
        assertThat(disk.stop()).as(disk.log()).isZero();
      }
    }
  }

  private String[] arguments(Path cache, Path backing) {
    return new String[] {
      "--cache",
      cache.toString(),
      "--backing",
      backing.toString(),
      "--listen",
      ServedDisk.unixSocket(folder),
      "--staging",
      staging.toString()
    };
  }

  private static Path expectedFile(Path stray, String... arguments) {
    AssertionError refused =
        catchThrowableOfType(AssertionError.class, () -> ServedDisk.start(arguments).kill());
    assertThat(refused).as("the daemon is not to serve").isNotNull();
    assertThat(refused).hasMessageContainingAll(stray.toString(), "--give-up-unflushed");
    Matcher move = MOVE.matcher(refused.getMessage());
    assertThat(move.find()).as(refused.getMessage()).isTrue();
    return Path.of(move.group(1));
  }
}
