package io.pcache.media;

import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.nativeio.FullFileSystemException;
import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens a cache device as the kind of media that its file system offers, and allocates cache files.
 */
public final class MediaFiles {
  private static final Set<String> MEMORY_FILE_SYSTEMS = Set.of("tmpfs", "ramfs", "hugetlbfs");
  private static final long FILL_CHUNK_BYTES = 1 << 20;
  private static final int OWNER_ONLY = 0600;

  private MediaFiles() {}

  /**
   * Opens an existing file or block device and locks it against other openers.
   *
   * @throws io.pcache.error.DeviceInUseException if another opener holds it
   * @throws io.pcache.error.BadOptionException if there is no such file
   * @throws MediaFailureException if the system refuses for any other reason
   */
  public static Media open(Path path) {
    NativeFile file = null;
    Arena arena = Arena.ofShared();
    try {
      file = NativeFile.open(path, NativeFile.Access.READ_WRITE);
      file.lockExclusively();
      // The page cache may hold data that an earlier opener failed to sync and the device lacks.
      file.dropCachedPages();
      return mapAs(file, arena);
    } catch (IOException e) {
      release(file, arena, e);
      throw new MediaFailureException("cannot use it as the cache device: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      release(file, arena, e);
      throw e;
    }
  }

  private static void release(@Nullable NativeFile file, Arena arena, Exception cause) {
    arena.close();
    if (file == null) {
      return;
    }
    try {
      file.close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static Media mapAs(NativeFile file, Arena arena) throws IOException {
    long sizeBytes = file.sizeBytes();
    if (!file.isBlockDevice() && MEMORY_FILE_SYSTEMS.contains(file.fileSystemType())) {
      return new MemoryMedia(file, file.map(sizeBytes, arena), arena);
    }
    return DaxOrFile.HERE.open(file, arena);
  }

  /**
   * Creates a cache file, or grows one that is about to be formatted, and allocates every block. So
   * a full file system fails this call rather than a later write. If it fails, a file that did not
   * exist before does not exist afterwards.
   *
   * @param sizeBytes the required size; a larger file keeps its size
   * @throws io.pcache.error.NoSpaceException if the file system has no room
   * @throws io.pcache.error.BadOptionException if the folder does not exist
   */
  public static void allocate(Path path, long sizeBytes) {
    try {
      if (Files.exists(path)) {
        try (NativeFile file = NativeFile.open(path, NativeFile.Access.READ_WRITE)) {
          allocate(file, sizeBytes);
        }
      } else {
        create(path, sizeBytes);
      }
    } catch (FullFileSystemException e) {
      throw new NoSpaceException(
          "cannot make a cache of it: " + e.getMessage() + "; make room there", e);
    } catch (IOException e) {
      throw new MediaFailureException("cannot make a cache of it: " + e.getMessage(), e);
    }
  }

  private static void create(Path path, long sizeBytes) throws IOException {
    try (NativeFile file = NativeFile.create(path, OWNER_ONLY)) {
      try {
        allocate(file, sizeBytes);
      } catch (IOException | RuntimeException e) {
        remove(path, e);
        throw e;
      }
    }
  }

  private static void allocate(NativeFile file, long sizeBytes) throws IOException {
    file.lockExclusively();
    long wholeBytes = Math.max(sizeBytes, file.sizeBytes());
    if (!file.isBlockDevice() && !file.allocate(0, wholeBytes)) {
      fill(file, wholeBytes);
    }
  }

  private static void fill(NativeFile file, long toBytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeroes = arena.allocate(FILL_CHUNK_BYTES, 4096);
      for (long at = 0; at < toBytes; ) {
        long n = Math.min(FILL_CHUNK_BYTES, toBytes - at);
        file.write(zeroes, 0, n, at);
        at += n;
      }
    }
  }

  private static void remove(Path path, Exception cause) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
