package io.pcache.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A store whose calls are watched, so that a call that does not return is noticed.
 *
 * <p>Thread-safety: see {@link BackingStore}.
 */
public final class WatchedStore extends ForwardingStore {
  private final StoreCalls calls;

  /** Wraps a store. {@link #close} closes it too. */
  public WatchedStore(BackingStore store, StoreCalls calls) {
    super(store);
    this.calls = calls;
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    int call = calls.begin();
    try {
      super.read(pieces, offsetBytes);
    } finally {
      calls.end(call);
    }
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    int call = calls.beginWrite(pieces);
    try {
      super.write(pieces, offsetBytes);
    } finally {
      calls.endWrite(call, pieces.size());
    }
  }

  @Override
  public void flush() throws IOException {
    int call = calls.begin();
    try {
      super.flush();
    } finally {
      calls.end(call);
    }
  }

  @Override
  public void close() throws IOException {
    int call = calls.begin();
    try {
      super.close();
    } finally {
      calls.end(call);
    }
  }
}
