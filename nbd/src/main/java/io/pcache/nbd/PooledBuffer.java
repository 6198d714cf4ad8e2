package io.pcache.nbd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Off-heap memory for one request's payload. Owned by one thread at a time. */
final class PooledBuffer {
  /** Buffers go to backing devices, and direct I/O asks for this alignment. */
  private static final long ALIGNMENT_BYTES = 4096;

  private final Arena arena;
  private final MemorySegment memory;
  private final ByteBuffer view;
  private MemorySegment lastPrefix;

  /** Links free buffers in their pool. */
  @Nullable PooledBuffer next;

  PooledBuffer(int sizeBytes) {
    arena = Arena.ofShared();
    memory = arena.allocate(sizeBytes, ALIGNMENT_BYTES);
    view = memory.asByteBuffer();
    lastPrefix = memory;
  }

  int sizeBytes() {
    return (int) memory.byteSize();
  }

  /** The first bytes. Most requests have the size of the one before, so the slice is kept. */
  MemorySegment prefix(int lengthBytes) {
    if (lastPrefix.byteSize() != lengthBytes) {
      lastPrefix = memory.asSlice(0, lengthBytes);
    }
    return lastPrefix;
  }

  /**
   * The first bytes for channel I/O, position 0. One view per buffer: the caller is its only user.
   */
  ByteBuffer prefixView(int lengthBytes) {
    return view.clear().limit(lengthBytes);
  }

  void free() {
    arena.close();
  }
}
