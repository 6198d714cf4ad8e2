package io.pcache.media;

import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Supplier;
import jdk.nio.mapmode.ExtendedMapMode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a file as persistent memory if its file system offers DAX and the virtual machine can use
 * it. Otherwise it opens a plain file, which is correct on any device.
 *
 * @param mapper tries the MAP_SYNC mapping, which only DAX offers
 * @param obstacle why the virtual machine cannot use such a mapping, or empty
 */
record DaxOrFile(SyncMapper mapper, Supplier<Optional<String>> obstacle) {
  static final DaxOrFile HERE = new DaxOrFile(DaxOrFile::mapWithSync, CacheLineWriteback::obstacle);

  private static final Logger LOG = LoggerFactory.getLogger(DaxOrFile.class);

  /** The module of {@link ExtendedMapMode}, which a Java runtime may lack. */
  private static final String MAPPING_MODULE = "jdk.nio.mapmode";

  private static MemorySegment mapWithSync(NativeFile file, long sizeBytes, Arena arena)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(file.path(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(ExtendedMapMode.READ_WRITE_SYNC, 0, sizeBytes, arena);
    }
  }

  /** Opens the media, which takes over file and arena. */
  Media open(NativeFile file, Arena arena) throws IOException {
    if (ModuleLayer.boot().findModule(MAPPING_MODULE).isEmpty()) {
      return asFile(file, arena, "this Java runtime lacks the module " + MAPPING_MODULE);
    }
    MemorySegment mapping;
    try {
      mapping = mapper.map(file, file.sizeBytes(), arena);
    } catch (UnsupportedOperationException | IOException notDax) {
      return asFile(file, arena, null);
    }
    Optional<String> found = obstacle.get();
    return found.isPresent()
        ? asFile(file, arena, found.get())
        : new DaxMedia(file, mapping, arena);
  }

  private static Media asFile(NativeFile file, Arena arena, @Nullable String whyNotDax)
      throws IOException {
    if (whyNotDax != null) {
      LOG.warn("{}: used as a file and not as DAX: {}", file.path(), whyNotDax);
    }
    return new FileMedia(file, file.map(file.sizeBytes(), arena), arena, whyNotDax);
  }
}
