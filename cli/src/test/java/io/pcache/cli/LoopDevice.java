package io.pcache.cli;

import io.pcache.testkit.Command;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A file as a block device of this machine.
 *
 * @param path of the block device
 */
record LoopDevice(Path path) implements AutoCloseable {
  static LoopDevice attach(Path file) throws IOException, InterruptedException {
    return new LoopDevice(
        Path.of(Command.run("losetup", "--find", "--show", file.toString()).succeeded()));
  }

  static LoopDevice attachReadOnly(Path file) throws IOException, InterruptedException {
    return new LoopDevice(
        Path.of(
            Command.run("losetup", "--find", "--show", "--read-only", file.toString())
                .succeeded()));
  }

  @Override
  public void close() throws IOException {
    try {
      // Linux keeps a loop device read-only for the next file, which losetup then attaches so.
      Command.run("blockdev", "--setrw", path.toString()).succeeded();
      Command.run("losetup", "--detach", path.toString()).succeeded();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while detaching " + path, e);
    }
  }
}
