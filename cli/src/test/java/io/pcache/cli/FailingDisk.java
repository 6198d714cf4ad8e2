package io.pcache.cli;

import static org.awaitility.Awaitility.await;

import io.pcache.testkit.Command;
import io.pcache.testkit.SparseFiles;
import io.pcache.testkit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A block device of this machine that fails all its reads, writes and flushes, or does not answer
 * them, while it is told to: nbdkit with its error filter, under nbdfuse, under a loop device.
 */
final class FailingDisk implements AutoCloseable {
  private final Path content;
  private final Path failsWhilePresent;
  private final Process nbdkit;
  private final LoopMountedDisk disk;

  private FailingDisk(Path content, Path failsWhilePresent, Process nbdkit, LoopMountedDisk disk) {
    this.content = content;
    this.failsWhilePresent = failsWhilePresent;
    this.nbdkit = nbdkit;
    this.disk = disk;
  }

  /** Makes a disk of zeroes that is well. */
  static FailingDisk make(Path folder, long sizeBytes) throws IOException, InterruptedException {
    Path content = folder.resolve("content");
    Path failsWhilePresent = folder.resolve("fails");
    Path socket = folder.resolve("nbdkit.sock");
    SparseFiles.create(content, sizeBytes);
    Process nbdkit =
        new ProcessBuilder(
                Tool.require("nbdkit").toString(),
                "--foreground",
                "--unix",
                socket.toString(),
                "--filter=error",
                "file",
                content.toString(),
                "error=EIO",
                "error-rate=100%",
                "error-file=" + failsWhilePresent)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("nbdkit.log").toFile())
            .start();
    try {
      await().atMost(240, TimeUnit.SECONDS).until(() -> Files.exists(socket));
      LoopMountedDisk disk = LoopMountedDisk.attach("nbd+unix:///?socket=" + socket, folder);
      return new FailingDisk(content, failsWhilePresent, nbdkit, disk);
    } catch (Throwable t) {
      nbdkit.destroyForcibly();
      throw t;
    }
  }

  Path blockDevice() {
    return Path.of(disk.blockDevice());
  }

  /** The same disk as a file of nbdfuse, in place of the block device, which is taken away. */
  Path file() throws IOException, InterruptedException {
    disk.detach();
    return disk.file();
  }

  /** What reached the disk. */
  Path content() {
    return content;
  }

  void fail() throws IOException {
    Files.createFile(failsWhilePresent);
  }

  void comeBack() throws IOException {
    Files.delete(failsWhilePresent);
  }

  /** Neither answers nor fails from now on, until {@link #goOn}. */
  void hang() throws IOException, InterruptedException {
    signal("-STOP");
  }

  /** Answers what it was asked meanwhile, and everything else. */
  void goOn() throws IOException, InterruptedException {
    signal("-CONT");
  }

  /**
   * The file system of {@link #file} answers nobody from now on, also not who only looks for a
   * file, until this disk is closed.
   */
  void hangFileSystem() throws IOException, InterruptedException {
    disk.hang();
    // For a moment the kernel still answers by itself what it has been told last.
    await().atMost(240, TimeUnit.SECONDS).until(() -> !answersInASecond(disk.file()));
  }

  private static boolean answersInASecond(Path file) throws IOException, InterruptedException {
    return Command.run("timeout", "--signal=KILL", "1", "stat", file.toString()).exitCode() == 0;
  }

  private void signal(String name) throws IOException, InterruptedException {
    Command.run("kill", name, String.valueOf(nbdkit.pid())).succeeded();
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(failsWhilePresent);
    disk.close();
    nbdkit.destroy();
  }
}
