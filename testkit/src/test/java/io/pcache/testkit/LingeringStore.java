package io.pcache.testkit;

import io.pcache.backing.BackingStore;
import io.pcache.backing.ForwardingStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * A backing store whose transfers take a while before and after the bytes are moved, now more, now
 * less. A read may bring what was overwritten, written back and reclaimed since, and a write may be
 * on the device long before anyone hears of it.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class LingeringStore extends ForwardingStore {
  private static final int MAX_LINGER_NANOS = 100_000;
  private static final int MAX_LONGER_NANOS = 60_000_000;
  private static final int LONGER_ONE_IN = 40;

  /** Wraps a store, which it closes with itself. */
  LingeringStore(BackingStore store) {
    super(store);
  }

  private static void linger(int maxNanos) {
    LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(maxNanos));
  }

  @Override
  public void read(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    linger(MAX_LINGER_NANOS);
    super.read(pieces, offsetBytes);
    boolean longer = ThreadLocalRandom.current().nextInt(LONGER_ONE_IN) == 0;
    linger(longer ? MAX_LONGER_NANOS : MAX_LINGER_NANOS);
  }

  @Override
  public void write(List<MemorySegment> pieces, long offsetBytes) throws IOException {
    linger(MAX_LINGER_NANOS);
    super.write(pieces, offsetBytes);
    linger(MAX_LINGER_NANOS);
  }

  @Override
  public void flush() {
    // Nothing here loses power, and without it more happens in the same time.
  }
}
