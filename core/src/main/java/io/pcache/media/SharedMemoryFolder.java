package io.pcache.media;

import io.pcache.error.PcacheException;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder on tmpfs with one file per owner, {@code pcache-UUID-DEVICE.staged}, which only its own
 * user may open. DEVICE identifies the cache device, so a copy of a cache device has its own file.
 */
public final class SharedMemoryFolder implements SharedMemoryPlace {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final Logger LOG = LoggerFactory.getLogger(SharedMemoryFolder.class);

  private final Path folder;
  private final Path device;

  /**
   * Creates the place. The folder is accessed only when memory is requested.
   *
   * @param device the cache device that the memory belongs to
   */
  public SharedMemoryFolder(Path folder, Path device) {
    this.folder = folder;
    this.device = device;
  }

  @Override
  public SharedMemory open(UUID owner, long sizeBytes) {
    try {
      UUID bootId = UUID.fromString(Files.readString(BOOT_ID).strip());
      return SharedMemoryFile.open(file(owner), sizeBytes, bootId);
    } catch (IOException | PcacheException | IllegalArgumentException e) {
      LOG.warn("no memory that outlives this process: {}", e.getMessage());
      return new ProcessMemory(sizeBytes, String.valueOf(e.getMessage()));
    }
  }

  /** A folder that may not be searched counts as one that has the file. */
  @Override
  public boolean holds(UUID owner) {
    try {
      return !Files.notExists(file(owner), LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      return true;
    }
  }

  /** Returns the path of an owner's file. */
  Path file(UUID owner) throws IOException {
    String identity = NativeFile.identityOf(device);
    return folder.resolve("pcache-%s-%s.staged".formatted(owner, identity));
  }
}
