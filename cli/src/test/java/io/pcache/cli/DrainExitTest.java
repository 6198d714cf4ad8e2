package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.error.ErrorKind;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code serve --drain} says, and ends with, where not everything could be written back. */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON, "/dev/loop-control"})
@RequiresTool({"mkfs.ext4", "mount", "umount", "fallocate", "dd", "nbdsh"})
class DrainExitTest {
  private static final long BACKING_BYTES = 1L << 30;
  private static final long SMALL_BYTES = 96L << 20;

  /** Stands at the beginning of the second of two sectors that are written. */
  private static final String MARK = "the sector that decays";

  /** Two sectors at 64 MiB, each a write of its own, flushed. */
  private static final String WRITE =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      h.pwrite(b"a" * 512, 64 << 20)
      h.pwrite(b"%s".ljust(512, b"b"), 65 << 20)
      h.flush()
      """
          .formatted(MARK);

  @TempDir private Path folder;
  private Path cache = Path.of("");
  private Path backing = Path.of("");

  @BeforeEach
  void format() throws IOException, InterruptedException {
    cache = folder.resolve("cache");
    ServedDisk.pcache("format", cache.toString(), "--size", "512M", "--data-crc").succeeded();
  }

  private ServedDisk start() throws IOException, InterruptedException {
    return ServedDisk.start(
        "--cache",
        cache.toString(),
        "--backing",
        backing.toString(),
        "--drain",
        "--listen",
        ServedDisk.unixSocket(folder));
  }

  @Test
  @DisplayName("hazard 28: a drain that leaves anything ends with a code that says so")
  void aDrainThatCannotWriteBackEndsWithFifteenAndOneThatLeavesDamageWithTen()
      throws IOException, InterruptedException {
    try (LoopFileSystem small = LoopFileSystem.make(folder, SMALL_BYTES)) {
      backing = SparseFiles.create(small.root().resolve("backing"), BACKING_BYTES);
      Path filler = small.fill();
      try (ServedDisk disk = start()) {
        LibnbdClient.run(disk.uri(), WRITE);
        await()
            .atMost(240, TimeUnit.SECONDS)
            .until(() -> RunningDaemon.status(cache).writeback().equals("backing-off"));
        giveUp(disk);
        assertThat(disk.awaitEnd()).as(disk.log()).isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
        assertThat(disk.log())
            .contains("1.00 KiB are not written back", "No space left on device", "1.00 KiB stay")
            .doesNotContain("everything is written back");
      }

      damage(cache);
      Files.delete(filler);
      try (ServedDisk disk = start()) {
        assertThat(disk.stop()).as(disk.log()).isEqualTo(ErrorKind.CORRUPT_MEDIA.exitCode());
        assertThat(disk.log())
            .contains("512 bytes at byte " + (65 << 20))
            .doesNotContain("everything is written back")
            .doesNotContain("are served next time");
      }
    }
  }

  private static void giveUp(ServedDisk disk) throws IOException, InterruptedException {
    disk.requestStop();
    await().atMost(240, TimeUnit.SECONDS).until(() -> disk.log().contains("pcache: writing back"));
    disk.requestStop();
  }

  /** Changes one byte of the marked sector in a cache that nobody has open. */
  private static void damage(Path cache) throws IOException {
    byte[] mark = MARK.getBytes(StandardCharsets.US_ASCII);
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
      MappedByteBuffer bytes =
          file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, file.length());
      int at = 0;
      while (!holds(bytes, at, mark)) {
        at += 512;
      }
      bytes.put(at, (byte) ~mark[0]);
      bytes.force();
    }
  }

  private static boolean holds(MappedByteBuffer bytes, int at, byte[] mark) {
    for (int i = 0; i < mark.length; i++) {
      if (bytes.get(at + i) != mark[i]) {
        return false;
      }
    }
    return true;
  }
}
