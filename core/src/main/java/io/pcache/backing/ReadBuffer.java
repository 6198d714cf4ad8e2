package io.pcache.backing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of the device that a slice is read into.
 *
 * <p>Thread-safety: used by one thread at a time.
 */
final class ReadBuffer {
  /** An address alignment that suffices for direct transfers on any device. */
  private static final int ALIGNMENT_BYTES = 4096;

  private final MemorySegment memory;
  private MemorySegment part;

  ReadBuffer(long sizeBytes) {
    memory = Arena.ofAuto().allocate(sizeBytes, ALIGNMENT_BYTES);
    part = memory;
  }

  /**
   * The first {@code lengthBytes} bytes. Allocates nothing if the previous call had the same
   * length.
   */
  MemorySegment part(long lengthBytes) {
    if (part.byteSize() != lengthBytes) {
      part = memory.asSlice(0, lengthBytes);
    }
    return part;
  }
}
