package io.pcache.backing;

import io.pcache.agent.CallWatch;
import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A store whose calls are watched, so that one that does not return is noticed.
 *
 * <p>Thread-safety: as {@link BackingStore} says.
 */
public final class WatchedStore implements BackingStore {
  private final BackingStore store;
  private final CallWatch calls;

  /** Wraps a store, which it closes with itself. */
  public WatchedStore(BackingStore store, CallWatch calls) {
    this.store = store;
    this.calls = calls;
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
    int call = calls.begin();
    try {
      store.read(pieces, offsetBytes);
    } finally {
      calls.end(call);
    }
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    int call = calls.begin();
    try {
      store.write(pieces, offsetBytes);
    } finally {
      calls.end(call);
    }
  }

  @Override
  public void flush() throws IOException {
    int call = calls.begin();
    try {
      store.flush();
    } finally {
      calls.end(call);
    }
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
    int call = calls.begin();
    try {
      store.close();
    } finally {
      calls.end(call);
    }
  }
}
