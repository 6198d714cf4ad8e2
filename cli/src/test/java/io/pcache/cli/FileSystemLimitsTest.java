package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.PcacheStatus;
import io.pcache.error.ErrorKind;
import io.pcache.format.MediaLayout;
import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Full and read-only file systems under the cache and under the backing device. */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON, "/dev/loop-control"})
@RequiresTool({"mkfs.ext4", "mount", "umount", "fallocate", "dd", "nbdsh"})
class FileSystemLimitsTest {
  private static final long BACKING_BYTES = 1L << 30;
  private static final long SMALL_BYTES = 96L << 20;
  private static final long WITH_CACHE_BYTES = 640L << 20;

  /** Goes around the cache: every one of its segments is written to. */
  private static final String WRITE_MORE_THAN_THE_CACHE_HOLDS =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      for i in range(560):
          h.pwrite(bytes([i % 255 + 1]) * (1 << 20), i << 20)
      h.flush()
      for i in range(0, 560, 7):
          assert h.pread(1 << 20, i << 20) == bytes([i % 255 + 1]) * (1 << 20), i
      """;

  /** Writes until there is no room, which is an error of its own; what was there is still read. */
  private static final String WRITE_UNTIL_FULL =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      try:
          for i in range(400):
              h.pwrite(bytes([i % 255 + 1]) * (1 << 20), i << 20)
      except nbd.Error as e:
          assert e.errnum == errno.ENOSPC, e
      else:
          raise AssertionError("everything was written")
      assert h.pread(4096, 900 << 20) == b"b" * 4096
      """;

  private static final String WRITE_A_BLOCK =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      h.pwrite(b"b" * 4096, 900 << 20)
      h.flush()
      """;

  @TempDir private Path folder;
  private Path cache = Path.of("");
  private Path backing = Path.of("");
  private LoopFileSystem small = new LoopFileSystem(Path.of(""));

  @BeforeEach
  void name() {
    cache = folder.resolve("cache");
    backing = folder.resolve("backing");
  }

  @AfterEach
  void unmount() throws IOException {
    if (!small.root().toString().isEmpty()) {
      small.close();
    }
  }

  private void makeFileSystem(long sizeBytes) throws IOException, InterruptedException {
    small = LoopFileSystem.make(folder, sizeBytes);
  }

  private static void format(Path cache) throws IOException, InterruptedException {
    ServedDisk.pcache("format", cache.toString(), "--size", "512M").succeeded();
  }

  private ServedDisk start(String... more) throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--cache",
                cache.toString(),
                "--backing",
                backing.toString(),
                "--listen",
                ServedDisk.unixSocket(folder)));
    arguments.addAll(List.of(more));
    return ServedDisk.start(arguments.toArray(new String[0]));
  }

  private PcacheStatus status() throws IOException {
    return RunningDaemon.status(cache);
  }

  @Test
  void formattingOnAFullFileSystemIsRefusedAndLeavesNothing()
      throws IOException, InterruptedException {
    makeFileSystem(SMALL_BYTES);
    Path path = small.root().resolve("cache");
    Command refused = ServedDisk.pcache("format", path.toString(), "--size", "512M");
    assertThat(refused.exitCode()).isEqualTo(ErrorKind.NO_SPACE.exitCode());
    assertThat(ProgressLines.removedFrom(refused.output()))
        .contains(path.toString(), "no room")
        .hasLineCount(1);
    assertThat(small.root().toFile().list()).containsExactly("lost+found");
  }

  @Test
  void aSocketOnAFullFileSystemIsRefusedByItsName() throws IOException, InterruptedException {
    makeFileSystem(SMALL_BYTES);
    assertThat(small.fill()).exists();
    Path socket = small.root().resolve("s");
    format(cache);
    SparseFiles.create(backing, BACKING_BYTES);
    assertNoRoomFor(socket, "--listen", "unix:" + socket);
    assertNoRoomFor(socket, "--control-socket", socket.toString());
    assertThat(small.root().toFile().list()).contains("lost+found").doesNotContain("s").hasSize(3);
  }

  private void assertNoRoomFor(Path socket, String option, String value)
      throws IOException, InterruptedException {
    Command refused =
        ServedDisk.pcache(
            "serve", "--cache", cache.toString(), "--backing", backing.toString(), option, value);
    assertThat(refused.output().lines().filter(line -> line.startsWith("pcache: cannot ")))
        .as(refused.output())
        .singleElement()
        .asString()
        .contains(socket.toString(), "No space left on device in " + small.root(), option);
    assertThat(refused.exitCode()).isEqualTo(ErrorKind.NO_SPACE.exitCode());
  }

  @Test
  void aCacheOnAFileSystemThatHasFilledUpGoesOn() throws IOException, InterruptedException {
    makeFileSystem(WITH_CACHE_BYTES);
    cache = small.root().resolve("cache");
    format(cache);
    Path filler = small.fill();
    assertThat(filler).exists();
    SparseFiles.create(backing, BACKING_BYTES);
    try (ServedDisk disk = start()) {
      LibnbdClient.run(disk.uri(), WRITE_MORE_THAN_THE_CACHE_HOLDS);
      assertThat(status().faults()).isEmpty();
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }

  /** The next daemon then has its socket in another folder. */
  @Test
  void aDaemonIsFoundWhereAKilledOneLeftItsSocketAndNoRoom()
      throws IOException, InterruptedException {
    makeFileSystem(WITH_CACHE_BYTES);
    cache = small.root().resolve("cache");
    format(cache);
    SparseFiles.create(backing, BACKING_BYTES);
    try (ServedDisk disk = start()) {
      disk.kill();
    }
    assertThat(small.root().resolve("cache.pcache.sock")).exists();
    assertThat(small.fill()).exists();
    try (ServedDisk disk = start()) {
      Command status = ServedDisk.pcache("status", "--timeout", "60", "--cache", cache.toString());
      assertThat(status.succeeded()).contains("faults      none");
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }

  @Test
  @DisplayName("hazard 33: a cache file whose blocks are not its own, and no room for them")
  void aCacheFileThatCannotBeWrittenIsSaidUntilThereIsRoom()
      throws IOException, InterruptedException {
    makeFileSystem(WITH_CACHE_BYTES);
    cache = small.root().resolve("cache");
    format(cache);
    // As on a file system that copies on write, blocks are needed when the file is written to.
    Command.run("fallocate", "--dig-holes", cache.toString()).succeeded();
    SparseFiles.create(backing, BACKING_BYTES);
    try (ServedDisk disk = start()) {
      LibnbdClient.run(disk.uri(), WRITE_A_BLOCK);
      await().atMost(240, TimeUnit.SECONDS).until(this::cacheHoldsItsLogReserve);
      Path filler = small.fill();
      LibnbdClient.run(disk.uri(), WRITE_UNTIL_FULL);
      assertThat(status().faults())
          .anyMatch(fault -> fault.contains("writes to the cache device"))
          .anyMatch(fault -> fault.contains("No space left on device"));
      assertThat(disk.log()).contains("WARN", "failed writes to the cache device: 1,");

      small.free(filler);
      await()
          .atMost(240, TimeUnit.SECONDS)
          .untilAsserted(() -> {
            LibnbdClient.run(disk.uri(), WRITE_A_BLOCK);
            assertThat(status().faults()).isEmpty();
          });
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }

  /** The one segment that is written whole, ahead of time. */
  private boolean cacheHoldsItsLogReserve() throws IOException, InterruptedException {
    String blocks = Command.run("stat", "--format=%b", cache.toString()).succeeded();
    return Long.parseLong(blocks) * 512 > MediaLayout.SEGMENT_BYTES;
  }

  @Test
  void aBackingFileWithoutRoomKeepsDataInTheCacheUntilThereIs()
      throws IOException, InterruptedException {
    makeFileSystem(SMALL_BYTES);
    backing = small.root().resolve("backing");
    SparseFiles.create(backing, BACKING_BYTES);
    format(cache);
    Path filler = small.fill();
    try (ServedDisk disk = start()) {
      LibnbdClient.run(disk.uri(), LibnbdClient.WRITE);
      awaitFault("No space left on device");
      LibnbdClient.run(disk.uri(), LibnbdClient.CHECK);
      disk.kill();
    }
    try (ServedDisk disk = start()) {
      LibnbdClient.run(disk.uri(), LibnbdClient.CHECK);
      awaitFault("No space left on device");
      Files.delete(filler);
      await()
          .atMost(240, TimeUnit.SECONDS)
          .until(() -> status().dirtyBytes() == 0 && status().faults().isEmpty());
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
    byte[] written = new byte[1 << 20];
    try (var file = Files.newByteChannel(backing)) {
      for (int i = 0; i < 24; i++) {
        ByteBuffer buffer = ByteBuffer.wrap(written);
        file.position((64L + i) << 20);
        assertThat(file.read(buffer)).isEqualTo(written.length);
        assertThat(written).containsOnly(i + 1);
      }
    }
  }

  @Test
  @DisplayName(
      "hazard 30: a stop in front of a full file system is bounded, with writes that wait and a drain")
  void aStopInFrontOfAFullFileSystemWithWritesThatWaitIsBounded()
      throws IOException, InterruptedException {
    makeFileSystem(SMALL_BYTES);
    backing = small.root().resolve("backing");
    SparseFiles.create(backing, BACKING_BYTES);
    format(cache);
    assertThat(small.fill()).exists();
    try (ServedDisk disk = start("--stop-timeout", "2", "--drain")) {
      Process writer = LibnbdClient.start(disk.uri(), WRITE_MORE_THAN_THE_CACHE_HOLDS);
      try {
        await()
            .atMost(240, TimeUnit.SECONDS)
            .until(
                () -> status().waitingRequests() > 0 && status().writeback().equals("backing-off"));
        disk.requestStop();
        // It took 41 s.
        assertThat(disk.awaitEnd(Duration.ofSeconds(30)))
            .as(disk.log())
            .isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
      } finally {
        writer.destroyForcibly();
      }
    }
  }

  private void awaitFault(String text) {
    await()
        .atMost(240, TimeUnit.SECONDS)
        .untilAsserted(() -> {
          assertThat(String.join("\n", status().faults())).contains(text);
          assertThat(status().dirtyBytes()).isPositive();
        });
  }

  @Test
  void aReadOnlyFileSystemUnderTheCacheIsSaid() throws IOException, InterruptedException {
    makeFileSystem(WITH_CACHE_BYTES);
    cache = small.root().resolve("cache");
    format(cache);
    SparseFiles.create(backing, BACKING_BYTES);
    small.remountReadOnly();
    assertRefused(cache, ErrorKind.MEDIA_FAILURE);
    Command format =
        ServedDisk.pcache("format", small.root().resolve("another").toString(), "--size", "512M");
    assertThat(ProgressLines.removedFrom(format.output()))
        .contains("Read-only file system")
        .hasLineCount(1);
    assertThat(format.exitCode()).isEqualTo(ErrorKind.MEDIA_FAILURE.exitCode());
  }

  @Test
  void aReadOnlyFileSystemUnderTheBackingFileIsSaid() throws IOException, InterruptedException {
    makeFileSystem(SMALL_BYTES);
    backing = small.root().resolve("backing");
    SparseFiles.create(backing, BACKING_BYTES);
    format(cache);
    small.remountReadOnly();
    assertRefused(backing, ErrorKind.BACKING_FAILURE);
  }

  private void assertRefused(Path named, ErrorKind kind) throws IOException, InterruptedException {
    Command refused =
        ServedDisk.pcache(
            "serve",
            "--cache",
            cache.toString(),
            "--backing",
            backing.toString(),
            "--listen",
            ServedDisk.unixSocket(folder));
    assertThat(refused.output()).contains("pcache: ", named.toString(), "Read-only file system");
    assertThat(refused.exitCode()).as(refused.output()).isEqualTo(kind.exitCode());
    assertThat(ProgressLines.removedFrom(refused.output()).lines())
        .filteredOn(line -> line.startsWith("pcache: "))
        .hasSize(1);
  }
}
