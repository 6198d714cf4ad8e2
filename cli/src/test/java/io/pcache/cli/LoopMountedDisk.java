package io.pcache.cli;

import static org.awaitility.Awaitility.await;

import io.pcache.testkit.Command;
import io.pcache.testkit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * An NBD export as a block device of this machine, without the kernel's NBD client: nbdfuse under a
 * loop device.
 */
final class LoopMountedDisk implements AutoCloseable {
  private final Process nbdfuse;
  private final Path fuseFolder;
  private final Path mountPoint;
  private final String loopDevice;
  private boolean isDetached;

  private LoopMountedDisk(Process nbdfuse, Path fuseFolder, Path mountPoint, String loopDevice) {
    this.nbdfuse = nbdfuse;
    this.fuseFolder = fuseFolder;
    this.mountPoint = mountPoint;
    this.loopDevice = loopDevice;
  }

  /** Makes the block device; nothing is mounted yet. */
  static LoopMountedDisk attach(String uri, Path folder) throws IOException, InterruptedException {
    Path fuseFolder = Files.createDirectories(folder.resolve("fuse"));
    Path mountPoint = Files.createDirectories(folder.resolve("mnt"));
    Process nbdfuse =
        new ProcessBuilder(Tool.require("nbdfuse").toString(), fuseFolder.toString(), uri)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("nbdfuse.log").toFile())
            .start();
    Path disk = fuseFolder.resolve("nbd");
    await().atMost(240, TimeUnit.SECONDS).until(() -> Files.exists(disk));
    String loopDevice = Command.run("losetup", "--find", "--show", disk.toString()).succeeded();
    return new LoopMountedDisk(nbdfuse, fuseFolder, mountPoint, loopDevice);
  }

  String blockDevice() {
    return loopDevice;
  }

  /** The file under the block device. */
  Path file() {
    return fuseFolder.resolve("nbd");
  }

  /**
   * The file system that holds the file answers nobody from now on, until {@link #goOn}. What waits
   * for it can be killed.
   */
  void hang() throws IOException, InterruptedException {
    signal("-STOP");
  }

  /** The file system answers what it was asked meanwhile, and everything else. */
  void goOn() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    Command.run("kill", name, String.valueOf(nbdfuse.pid())).succeeded();
  }

  /** Takes the block device away from the file under it. */
  void detach() throws IOException, InterruptedException {
    if (!isDetached) {
      isDetached = true;
      Command.run("losetup", "--detach", loopDevice).succeeded();
    }
  }

  Path mount() throws IOException, InterruptedException {
    Command.run("mount", loopDevice, mountPoint.toString()).succeeded();
    return mountPoint;
  }

  void unmount() throws IOException, InterruptedException {
    Command.run("umount", mountPoint.toString()).succeeded();
  }

  /** Takes everything away, also where what it is built on has gone: every step is tried. */
  @Override
  public void close() throws IOException {
    try {
      if (nbdfuse.isAlive()) {
        goOn();
      }
      Command.run("umount", mountPoint.toString());
      // Another may have the name of one that was detached before.
      if (!isDetached) {
        Command.run("losetup", "--detach", loopDevice);
      }
      Command.run("umount", fuseFolder.toString());
      nbdfuse.destroy();
      if (!nbdfuse.waitFor(10, TimeUnit.SECONDS)) {
        nbdfuse.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while taking away " + loopDevice, e);
    }
  }
}
