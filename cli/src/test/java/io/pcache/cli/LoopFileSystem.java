package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.Command;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A small ext4 of its own, mounted.
 *
 * @param root where it is mounted
 */
record LoopFileSystem(Path root) implements AutoCloseable {
  /**
   * Makes and mounts it.
   *
   * @param folder for its image and its mount point
   */
  static LoopFileSystem make(Path folder, long sizeBytes) throws IOException, InterruptedException {
    Path image = folder.resolve("fs.img");
    Path root = Files.createDirectory(folder.resolve("fs"));
    SparseFiles.create(image, sizeBytes);
    Command.run("mkfs.ext4", "-q", "-m", "0", image.toString()).succeeded();
    Command.run("mount", "-o", "loop", image.toString(), root.toString()).succeeded();
    return new LoopFileSystem(root);
  }

  /** Takes all space that is left. */
  Path fill() throws IOException, InterruptedException {
    Path filler = root.resolve("filler");
    long freeBytes = Files.getFileStore(root).getUsableSpace();
    Command.run("fallocate", "--length", String.valueOf(freeBytes), filler.toString());
    // What fallocate could not promise at once is taken block by block, until there is none.
    Command.run("dd", "if=/dev/zero", "of=" + root.resolve("filler2"), "bs=4k", "conv=fsync");
    return filler;
  }

  /** Gives back what {@link #fill} took. */
  void free(Path filler) throws IOException {
    Files.delete(filler);
    Files.deleteIfExists(root.resolve("filler2"));
  }

  /** Unmounts it and mounts it again from a loop device of another number. */
  void remountUnderAnotherNumber() throws IOException, InterruptedException {
    Object before = Files.getAttribute(root, "unix:dev");
    Command.run("umount", root.toString()).succeeded();
    // The number that is free now is taken until the file system has another.
    try (LoopDevice placeholder = LoopDevice.attach(SparseFiles.create(placeholder(), 1 << 20))) {
      Command.run("mount", "-o", "loop", image().toString(), root.toString()).succeeded();
      assertThat(Files.getAttribute(root, "unix:dev")).as("%s", placeholder).isNotEqualTo(before);
    }
  }

  private Path image() {
    return root.resolveSibling("fs.img");
  }

  private Path placeholder() {
    return root.resolveSibling("placeholder.img");
  }

  void remountReadOnly() throws IOException, InterruptedException {
    Command.run("mount", "-o", "remount,ro", root.toString()).succeeded();
  }

  /** From now on no call that changes something returns, until {@link #thaw}. */
  void freeze() throws IOException, InterruptedException {
    Command.run("fsfreeze", "--freeze", root.toString()).succeeded();
  }

  void thaw() throws IOException, InterruptedException {
    Command.run("fsfreeze", "--unfreeze", root.toString()).succeeded();
  }

  @Override
  public void close() throws IOException {
    try {
      Command.run("umount", root.toString()).succeeded();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while unmounting " + root, e);
    }
  }
}
