package io.pcache.media;

import io.pcache.error.PcacheException;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
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
  private final Path usualFolder;
  private final Path device;

  /**
   * Creates the place. The folders are accessed only when memory is requested.
   *
   * @param usualFolder where an earlier process may have kept its memory instead
   * @param device the cache device that the memory belongs to
   */
  public SharedMemoryFolder(Path folder, Path usualFolder, Path device) {
    this.folder = folder;
    this.usualFolder = usualFolder;
    this.device = device;
  }

  @Override
  public SharedMemory open(UUID owner, long sizeBytes) {
    try {
      return SharedMemoryFile.open(file(owner), sizeBytes, bootId());
    } catch (IOException | PcacheException | IllegalArgumentException e) {
      LOG.warn("no memory that outlives this process: {}", e.getMessage());
      return new ProcessMemory(sizeBytes, String.valueOf(e.getMessage()));
    }
  }

  private static UUID bootId() throws IOException {
    return UUID.fromString(Files.readString(BOOT_ID).strip());
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

  private Stream<Path> folders(String earlierFolder) {
    return Stream.of(folder.toAbsolutePath(), usualFolder.toAbsolutePath(), asPath(earlierFolder))
        .filter(Path::isAbsolute)
        .distinct();
  }

  @Override
  public List<String> ofThisDevice() {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ofThisDevice("*"))) {
      files.forEach(path -> found.add(path.toString()));
    } catch (IOException | DirectoryIteratorException e) {
      LOG.debug("cannot look in {} for files of this cache device", folder, e);
    }
    return found;
  }

  @Override
  public String folder() {
    return folder.toAbsolutePath().toString();
  }

  /** The name of a file tells its owner, so a file that cannot be read counts too. */
  @Override
  public List<StrayMemory> strays(UUID owner, long sizeBytes, String earlierFolder) {
    List<StrayMemory> found = new ArrayList<>();
    folders(earlierFolder).forEach(searched -> addStrays(searched, owner, sizeBytes, found));
    return found;
  }

  /** A name that is no path of this system is that of no folder. */
  private static Path asPath(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      LOG.warn("cannot look in the folder of an earlier process: {}", e.getMessage());
      return Path.of("");
    }
  }

  private void addStrays(Path searched, UUID owner, long sizeBytes, List<StrayMemory> found) {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(searched, fileName(owner.toString(), "*"))) {
      Path own = file(owner).toAbsolutePath();
      UUID bootId = bootId();
      for (Path path : files) {
        if (!path.equals(own)) {
          new StrayFile(path, own, bootId).read(sizeBytes).ifPresent(found::add);
        }
      }
    } catch (NoSuchFileException e) {
      LOG.debug("there is nothing in {}", searched, e);
    } catch (AccessDeniedException e) {
      addUnsearchable(searched, owner, found);
    } catch (IOException | DirectoryIteratorException e) {
      LOG.warn("cannot look in {} for files of other cache devices: {}", searched, e.toString());
    }
  }

  /** A folder that may not be searched may have the file. */
  private void addUnsearchable(Path searched, UUID owner, List<StrayMemory> found) {
    try {
      Path own = file(owner).toAbsolutePath();
      found.add(
          new StrayMemory(searched + ": permission denied", own.toString(), true, null, false));
    } catch (IOException e) {
      LOG.warn("cannot look in {} for files of other cache devices: {}", searched, e.toString());
    }
  }

  /** Returns the path of an owner's file. */
  Path file(UUID owner) throws IOException {
    return folder.resolve(ofThisDevice(owner.toString()));
  }

  private String ofThisDevice(String owner) throws IOException {
    return fileName(owner, NativeFile.identityOf(device));
  }

  private static String fileName(String owner, String identity) {
    return "pcache-%s-%s.staged".formatted(owner, identity);
  }
}
