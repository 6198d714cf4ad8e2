package io.pcache.media;

import io.pcache.error.MediaFailureException;
import io.pcache.stress.Interleavings;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** Whoever returns from a shared sync has its writes on the device. */
class SharedSyncInterleavingTest {
  @Test
  void aSyncCoversWhatWasWrittenBeforeItWasAskedFor() {
    Interleavings.tryAll(Writers.class);
  }

  @Test
  void afterAFailedSyncNobodyIsToldOfSuccess() {
    Interleavings.tryAll(FirstSyncFails.class);
  }

  /** Write, then sync. */
  public static final class Writers {
    private final AtomicInteger written = new AtomicInteger();
    private final AtomicInteger durable = new AtomicInteger();
    private final SharedSync sync = new SharedSync(this::syncDevice);

    /** What is written while this runs may stay behind, as with a device. */
    private void syncDevice() {
      int covered = written.get();
      durable.set(covered);
    }

    /** Whether the write is durable, which it is always. */
    @Operation
    public boolean writeAndSync() {
      int mine = written.incrementAndGet();
      sync.run();
      return durable.get() >= mine;
    }
  }

  /** The first of all syncs fails. */
  public static final class FirstSyncFails {
    private final AtomicBoolean failing = new AtomicBoolean(true);
    private final SharedSync sync = new SharedSync(this::syncDevice);

    private void syncDevice() throws IOException {
      if (failing.compareAndSet(true, false)) {
        throw new IOException("once");
      }
    }

    /** Whether a sync succeeds, which it never does. */
    @Operation
    public boolean syncSucceeds() {
      try {
        sync.run();
        return true;
      } catch (MediaFailureException e) {
        return false;
      }
    }
  }
}
