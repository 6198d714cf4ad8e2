package io.pcache.testkit;

import io.pcache.backing.BackingStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * A backing store whose transfers take a while before and after the bytes are moved, now more, now
 * less: a read may bring what was overwritten long since, and a write may be on the device long
 * before anyone hears of it.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class LingeringStore implements BackingStore {
  private static final int MAX_LINGER_NANOS = 200_000;

  private final BackingStore store;

  /** Wraps a store, which it closes with itself. */
  LingeringStore(BackingStore store) {
    this.store = store;
  }

  private static void linger() {
    LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(MAX_LINGER_NANOS));
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
    linger();
    store.read(pieces, offsetBytes);
    linger();
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    linger();
    store.write(pieces, offsetBytes);
    linger();
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
