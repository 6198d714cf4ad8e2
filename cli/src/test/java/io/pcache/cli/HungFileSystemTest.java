package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands where a file system does not even answer who looks for a file: that of nbdfuse, stopped
 * by SIGSTOP, or one that takes questions and answers none.
 */
@Tag("engine")
@Timeout(600)
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON, "/dev/fuse", "/dev/loop-control"})
@RequiresTool({"nbdkit", "nbdfuse", "losetup", "umount"})
class HungFileSystemTest {
  private static final long DISK_BYTES = 64L << 20;

  @TempDir private Path folder;
  private FailingDisk disk;

  @BeforeEach
  void makeDisk() throws IOException, InterruptedException {
    disk = FailingDisk.make(Files.createDirectory(folder.resolve("disk")), DISK_BYTES);
  }

  @AfterEach
  void closeDisk() throws IOException {
    disk.close();
  }

  @Test
  @DisplayName("hazard 30: a command waits with a bound for the file system of its cache or socket")
  void theFileSystemOfACacheIsWaitedForWithABound() throws IOException, InterruptedException {
    String cache = disk.file().toString();
    String socket = disk.file().resolveSibling("socket").toString();
    disk.hangFileSystem();
    assertNotAnswered(cache, "status", "--timeout", "5", "--cache", cache);
    assertNotAnswered(cache, "table", "--timeout", "5", "--cache", cache);
    assertNotAnswered(cache, "message", "--timeout", "5", "--cache", cache, "gc_percent", "5");
    assertNotAnswered(socket, "status", "--timeout", "5", "--socket", socket);
  }

  @Test
  @DisplayName(
      "hazard 30: a loop device that does not answer keeps nobody from using other devices")
  void aLoopDeviceOnAHungFileSystemIsPassedOver() throws IOException, InterruptedException {
    String loop = disk.blockDevice().toString();
    String cache = folder.resolve("cache").toString();
    SparseFiles.create(folder.resolve("cache"), 512L << 20);
    Path backing = SparseFiles.create(folder.resolve("backing"), DISK_BYTES);
    disk.hangFileSystem();
    assertThat(ServedDisk.pcache("format", cache).succeeded())
        .contains(loop + " does not answer", cache);
    assertThat(ServedDisk.pcache("repair", cache).succeeded()).contains(loop + " does not answer");
    try (ServedDisk served =
        ServedDisk.start(
            "--cache",
            cache,
            "--backing",
            backing.toString(),
            "--listen",
            ServedDisk.unixSocket(folder))) {
      assertThat(served.log()).contains(loop + " does not answer", cache, backing.toString());
      assertThat(served.stop()).as(served.log()).isZero();
    }
  }

  @Test
  @DisplayName("hazard 30: a command ends also where the kernel does not let go of its process")
  void aLookThatCannotBeEndedHoldsNeitherTheCommandNorWhoReadsItsOutput()
      throws IOException, InterruptedException {
    Path cache = Files.createDirectory(folder.resolve("silent")).resolve("cache");
    try (SilentFileSystem silent = SilentFileSystem.mount(folder.resolve("silent"))) {
      String ask = "\"$PCACHE\" status --timeout 5 --cache " + cache + " || echo \"status $?\"";
      assertThat(LauncherShell.output(folder, ask))
          .contains("pcache: " + cache + ": no answer in 5 s", "\nstatus 18\nexit 0\n")
          .hasLineCount(3);
      assertThat(silent.isSilent()).isTrue();
    }
  }

  private static void assertNotAnswered(String path, String... command)
      throws IOException, InterruptedException {
    Command asked = ServedDisk.pcache(command);
    assertThat(asked.output())
        .contains("pcache: " + path + ": no answer in ", "its file system or device", "--timeout")
        .hasLineCount(1);
    assertThat(asked.exitCode()).isEqualTo(Failure.EXIT_NO_ANSWER);
  }
}
