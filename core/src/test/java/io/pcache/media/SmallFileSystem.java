package io.pcache.media;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A tmpfs of a given size, where the machine lets us mount one. */
record SmallFileSystem(Path root) implements AutoCloseable {
  static SmallFileSystem mount(Path root, long sizeBytes) throws IOException {
    Files.createDirectory(root);
    boolean mounted =
        run("mount", "-t", "tmpfs", "-o", "size=" + sizeBytes, "tmpfs", root.toString());
    assumeTrue(mounted, "mounting a small tmpfs needs root");
    return new SmallFileSystem(root);
  }

  private static boolean run(String... command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.onExit().join().exitValue() == 0;
  }

  @Override
  public void close() throws IOException {
    if (!run("umount", root.toString())) {
      throw new IOException("cannot unmount " + root);
    }
  }
}
