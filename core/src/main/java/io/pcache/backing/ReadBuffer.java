package io.pcache.backing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of ours that a slice is read into.
 *
 * <p>Thread-safety: used by one thread at a time.
 */
final class ReadBuffer {
  /** What any device wants of the address of a direct transfer. */
  private static final int ALIGNMENT_BYTES = 4096;

  private final MemorySegment memory;
  private MemorySegment part;

  ReadBuffer(long sizeBytes) {
    memory = Arena.ofAuto().allocate(sizeBytes, ALIGNMENT_BYTES);
    part = memory;
  }

  /**
   * Its first {@code lengthBytes} bytes; makes no garbage where that is what was asked for last.
   */
  MemorySegment part(long lengthBytes) {
    if (part.byteSize() != lengthBytes) {
      part = memory.asSlice(0, lengthBytes);
    }
    return part;
  }
}
