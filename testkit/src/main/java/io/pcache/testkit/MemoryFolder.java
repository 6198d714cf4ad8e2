package io.pcache.testkit;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Makes a temporary folder in memory, where the system has a tmpfs with enough room, for tests
 * whose time is otherwise that of a disk's syncs.
 */
public final class MemoryFolder implements TempDirFactory {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");
  private static final long NEEDED_BYTES = 3L << 30;

  @Override
  public Path createTempDirectory(
      AnnotatedElementContext elementContext, ExtensionContext extensionContext)
      throws IOException {
    return isRoomy()
        ? Files.createTempDirectory(SHARED_MEMORY, "pcache")
        : Files.createTempDirectory("pcache");
  }

  private static boolean isRoomy() throws IOException {
    if (!Files.isWritable(SHARED_MEMORY)) {
      return false;
    }
    FileStore store = Files.getFileStore(SHARED_MEMORY);
    return store.type().equals("tmpfs") && store.getUsableSpace() >= NEEDED_BYTES;
  }
}
