package io.pcache.bench;

import io.pcache.backing.BackingStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A backing store that costs as little as one can: memory of this process. What is left is what the
 * engine itself costs.
 *
 * <p>Thread-safety: as the interface says.
 */
final class MemoryStore implements BackingStore {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment bytes;

  MemoryStore(long sizeBytes) {
    bytes = arena.allocate(sizeBytes, Long.BYTES);
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public long sizeBytes() {
    return bytes.byteSize();
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) {
    long at = offsetBytes;
    for (int i = 0; i < pieces.size(); i++) {
      MemorySegment piece = pieces.get(i);
      MemorySegment.copy(bytes, at, piece, 0, piece.byteSize());
      at += piece.byteSize();
    }
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) {
    long at = offsetBytes;
    for (int i = 0; i < pieces.size(); i++) {
      MemorySegment piece = pieces.get(i);
      MemorySegment.copy(piece, 0, bytes, at, piece.byteSize());
      at += piece.byteSize();
    }
  }

  @Override
  public void flush() {
    // Memory has nothing to make durable.
  }

  @Override
  public void close() {
    arena.close();
  }
}
