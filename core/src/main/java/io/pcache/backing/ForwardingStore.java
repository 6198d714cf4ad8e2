package io.pcache.backing;

import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Forwards every call to another store. A wrapper extends this class, so that it never hides a
 * method that it does not override, such as {@link #condition}.
 *
 * <p>Thread-safety: see {@link BackingStore}.
 */
public abstract class ForwardingStore implements BackingStore {
  private final BackingStore store;

  /** Wraps a store. {@link #close} closes it too. */
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
