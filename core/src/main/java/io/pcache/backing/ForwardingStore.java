package io.pcache.backing;

import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A store that hands everything on to another one. Whoever wraps a store extends this, so that what
 * it does not change, such as the condition of the file, is never hidden.
 *
 * <p>Thread-safety: as {@link BackingStore} says.
 */
public abstract class ForwardingStore implements BackingStore {
  private final BackingStore store;

  /** Wraps a store, which it closes with itself. */
  protected ForwardingStore(BackingStore store) {
    this.store = store;
  }

  @Override
  public String name() {
    return store.name();
  }

  @Override
  public long sizeBytes() {
    return store.sizeBytes();
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    store.read(pieces, offsetBytes);
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    store.write(pieces, offsetBytes);
  }

  @Override
  public void flush() throws IOException {
    store.flush();
  }

  @Override
  public FileCondition condition() throws IOException {
    return store.condition();
  }

  @Override
  public long movedSectors() {
    return store.movedSectors();
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
