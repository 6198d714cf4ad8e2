package io.pcache.bench;

import io.pcache.backing.BackingStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * A store whose writes wait while it is held, so that nothing is written back meanwhile.
 *
 * <p>Thread-safety: as the interface says; {@link #hold} and {@link #letGo} in turn, from any.
 */
final class HeldStore implements BackingStore {
  /** More than there can be. */
  private static final int WRITERS = 1 << 16;

  private final BackingStore store;
  private final Semaphore gate = new Semaphore(WRITERS);

  HeldStore(BackingStore store) {
    this.store = store;
  }

  /** From the return on no write is carried out. */
  void hold() {
    gate.acquireUninterruptibly(WRITERS);
  }

  /** Lets writes go on. */
  void letGo() {
    gate.release(WRITERS);
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
    gate.acquireUninterruptibly();
    try {
      store.write(pieces, offsetBytes);
    } finally {
      gate.release();
    }
  }

  @Override
  public void flush() throws IOException {
    store.flush();
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
