package io.pcache.media;

import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Maps all of a file so that its cache lines can be written back ({@code MAP_SYNC}). */
@FunctionalInterface
interface SyncMapper {
  /**
   * Maps it until the arena closes.
   *
   * @throws IOException or {@link UnsupportedOperationException} where the file's place does not
   *     offer that
   */
  MemorySegment map(NativeFile file, long sizeBytes, Arena arena) throws IOException;
}
