package io.pcache.media;

import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Maps all of a file so that its cache lines can be written back ({@code MAP_SYNC}). */
@FunctionalInterface
interface SyncMapper {
  /**
   * Maps the file until the arena closes.
   *
   * @throws IOException or {@link UnsupportedOperationException} if the file's location does not
   *     support it
   */
  MemorySegment map(NativeFile file, long sizeBytes, Arena arena) throws IOException;
}
