package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.PcacheStatus;
import io.pcache.error.ErrorKind;
import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cache and backing files that somebody deletes, cuts, replaces or grows while they are served. */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON})
@RequiresTool({"nbdsh", "cp"})
class LostFilesTest {
  private static final long BACKING_BYTES = 64L << 20;
  private static final Pattern COPY = Pattern.compile("(/proc/\\d+/fd/\\d+)");

  private static final String WRITE =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      h.pwrite(b"a" * 4096, 1 << 20)
      h.flush()
      """;

  @TempDir private Path folder;
  private Path cache = Path.of("");
  private Path backing = Path.of("");

  @BeforeEach
  void make() throws IOException, InterruptedException {
    cache = folder.resolve("cache");
    backing = SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    ServedDisk.pcache("format", cache.toString(), "--size", "512M").succeeded();
  }

  private ServedDisk start() throws IOException, InterruptedException {
    return ServedDisk.start(
        "--cache",
        cache.toString(),
        "--backing",
        backing.toString(),
        "--listen",
        ServedDisk.unixSocket(folder));
  }

  private PcacheStatus status() throws IOException {
    return RunningDaemon.status(cache);
  }

  private void awaitFault(String... texts) {
    await()
        .atMost(240, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(String.join("\n", status().faults())).contains(texts));
  }

  @Test
  @DisplayName(
      "hazard 42: a deleted backing file is a fault, and is kept until stop is asked twice")
  void aDeletedBackingFileIsAFaultAndCanBeCopied() throws IOException, InterruptedException {
    try (ServedDisk disk = start()) {
      LibnbdClient.run(disk.uri(), WRITE);
      Files.delete(backing);
      awaitFault("backing device: " + backing + " was deleted", "/proc/");
      await().atMost(240, TimeUnit.SECONDS).until(() -> status().dirtyBytes() == 0);
      disk.requestStop();
      await()
          .atMost(240, TimeUnit.SECONDS)
          .until(() -> disk.log().contains("asking to stop once more"));
      Matcher copy = COPY.matcher(disk.log());
      assertThat(copy.find()).isTrue();
      Command.run("cp", "--sparse=always", copy.group(1), backing.toString()).succeeded();
      disk.requestStop();
      assertThat(disk.awaitEnd()).as(disk.log()).isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
    }
    assertThat(Files.size(backing)).isEqualTo(BACKING_BYTES);
    try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "r")) {
      file.seek(1 << 20);
      assertThat(file.read()).isEqualTo('a');
    }
  }

  @Test
  @DisplayName("hazard 42: a deleted cache file is a fault, and what it holds is written back")
  void aDeletedCacheFileIsAFaultAndIsWrittenBack() throws IOException, InterruptedException {
    try (ServedDisk disk = start()) {
      LibnbdClient.run(disk.uri(), WRITE);
      Files.delete(cache);
      awaitFault("cache device: " + cache + " was deleted", "/proc/");
      Command asked = ServedDisk.pcache("status", "--timeout", "60", "--cache", cache.toString());
      assertThat(asked.output()).contains("FAULT", cache + " was deleted");
      assertThat(asked.exitCode()).isZero();
      assertThat(disk.stop()).as(disk.log()).isZero();
      assertThat(disk.log()).doesNotContain("stay in the cache");
    }
    try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "r")) {
      file.seek(1 << 20);
      assertThat(file.read()).isEqualTo('a');
    }
  }

  @Test
  @DisplayName("hazard 42: a cut cache file is a fault; the next open says what to do")
  void aCutCacheFileIsAFaultAndTheNextOpenSaysWhatToDo() throws IOException, InterruptedException {
    try (ServedDisk disk = start()) {
      try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
        file.setLength(256L << 20);
      }
      awaitFault("cache device: " + cache + " was cut from", "to 268435456 bytes");
      disk.kill();
    }
    Command refused = serveRefused();
    assertThat(refused.exitCode()).isEqualTo(ErrorKind.CORRUPT_MEDIA.exitCode());
    assertThat(refused.output()).contains("it was cut short", "from a copy");
  }

  @Test
  @DisplayName("hazard 42: a stop says that a cut cache file with nothing dirty can be made anew")
  void aStopSaysThatNothingWasDirtyInACutCacheFile() throws IOException, InterruptedException {
    try (ServedDisk disk = start()) {
      LibnbdClient.run(disk.uri(), WRITE);
      await().atMost(240, TimeUnit.SECONDS).until(() -> status().dirtyBytes() == 0);
      setLength(cache, 256L << 20);
      awaitFault("cache device: " + cache + " was cut from");
      assertThat(disk.stop()).as(disk.log()).isEqualTo(ErrorKind.MEDIA_FAILURE.exitCode());
      assertThat(lastLines(disk)).contains("nothing in the cache was dirty", "was cut from");
    }
    ServedDisk.pcache("format", cache.toString(), "--size", "512M", "--force").succeeded();
    try (ServedDisk disk = start()) {
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }

  @Test
  @DisplayName(
      "hazard 42: a cut backing file is said at the stop, and its way out by the next open")
  void aCutBackingFileIsToldWithItsWayOut() throws IOException, InterruptedException {
    try (ServedDisk disk = start()) {
      setLength(backing, BACKING_BYTES / 2);
      awaitFault("backing device: " + backing + " was cut from");
      assertThat(disk.stop()).as(disk.log()).isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
      assertThat(lastLines(disk)).contains("was cut from");
    }
    Command refused = serveRefused();
    assertThat(refused.exitCode()).isEqualTo(ErrorKind.WRONG_DEVICE.exitCode());
    assertThat(refused.output()).contains("truncate -s " + BACKING_BYTES + " " + backing);
    setLength(backing, BACKING_BYTES);
    try (ServedDisk disk = start()) {
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }

  @Test
  @DisplayName("hazard 42: a stop repeats where a file is that was replaced")
  void aStopRepeatsWhereAReplacedFileIs() throws IOException, InterruptedException {
    try (ServedDisk disk = start()) {
      Files.move(backing, folder.resolve("elsewhere"));
      SparseFiles.create(backing, BACKING_BYTES);
      awaitFault("backing device: " + backing + " was replaced by another file");
      assertThat(disk.stop()).as(disk.log()).isZero();
      assertThat(lastLines(disk)).contains("was replaced by another file", "inode");
    }
  }

  private static void setLength(Path path, long bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
  }

  /** What it has printed since it was asked to stop. */
  private static String lastLines(ServedDisk disk) {
    return disk.log().substring(disk.log().indexOf("pcache: stopping"));
  }

  private Command serveRefused() throws IOException, InterruptedException {
    return ServedDisk.pcache(
        "serve",
        "--cache",
        cache.toString(),
        "--backing",
        backing.toString(),
        "--listen",
        ServedDisk.unixSocket(folder));
  }

  @Test
  @DisplayName("hazard 42: what was replaced or cut is a fault, what came back or grew is none")
  void aReplacedFileIsAFaultUntilItIsBackAndAGrownOneANotice()
      throws IOException, InterruptedException {
    Path elsewhere = folder.resolve("elsewhere");
    try (ServedDisk disk = start()) {
      Files.move(backing, elsewhere);
      awaitFault("backing device: " + backing + " was moved away", "inode");
      SparseFiles.create(backing, BACKING_BYTES);
      awaitFault("backing device: " + backing + " was replaced by another file");
      Files.delete(backing);
      Files.move(elsewhere, backing);
      await().atMost(240, TimeUnit.SECONDS).until(() -> status().faults().isEmpty());
      try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
        file.setLength(BACKING_BYTES + 512);
      }
      await()
          .atMost(240, TimeUnit.SECONDS)
          .untilAsserted(
              () -> assertThat(String.join("\n", status().notices())).contains("has grown from"));
      assertThat(status().faults()).isEmpty();
      try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
        file.setLength(BACKING_BYTES / 2);
        awaitFault("backing device: " + backing + " was cut from");
        file.setLength(BACKING_BYTES);
        // Nothing has to happen: another look is waited for by what it would change.
        await()
            .during(3, TimeUnit.SECONDS)
            .atMost(240, TimeUnit.SECONDS)
            .until(() -> !status().faults().isEmpty());
      }
      assertThat(disk.log()).contains("WARN", "was replaced by another file");
    }
  }
}
