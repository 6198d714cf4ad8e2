package io.pcache.backing;

import io.pcache.nativeio.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Determines by trial which alignment a file opened past the page cache requires. The alignment is
 * a property of the device below the file system. No single call reports it for every file system
 * and kernel.
 */
final class DirectAlignment {
  private static final int[] CANDIDATES = {512, 1024, 2048};

  private DirectAlignment() {}

  /** The alignment of offsets, lengths and memory in bytes: 512, 1024, 2048 or 4096. */
  static int probe(NativeFile file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory =
          arena.allocate(2 * BounceBuffers.ALIGNMENT_BYTES, BounceBuffers.ALIGNMENT_BYTES);
      if (takes(file, memory, 1)) {
        // A hole, or a file system that copies through its cache. It does not check this read, but
        // may check those of other blocks.
        return BounceBuffers.ALIGNMENT_BYTES;
      }
      for (int candidate : CANDIDATES) {
        if (takes(file, memory, candidate)) {
          return candidate;
        }
      }
      return BounceBuffers.ALIGNMENT_BYTES;
    }
  }

  private static boolean takes(NativeFile file, MemorySegment memory, int alignment) {
    try {
      file.read(memory, alignment, alignment, 0);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
