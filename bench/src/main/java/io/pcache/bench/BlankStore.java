package io.pcache.bench;

import io.pcache.backing.BackingStore;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A backing store of any size that takes no memory: it reads as zeroes and forgets what is written.
 * For caches that keep everything. Thread-safety: as the interface says.
 */
final class BlankStore implements BackingStore {
  private final long sizeBytes;

  BlankStore(long sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  @Override
  public String name() {
    return "blank";
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) {
    pieces.forEach(piece -> piece.fill((byte) 0));
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) {
    // Nobody reads it again.
  }

  @Override
  public void flush() {
    // There is nothing to make durable.
  }

  @Override
  public void close() {
    // There is nothing to release.
  }
}
