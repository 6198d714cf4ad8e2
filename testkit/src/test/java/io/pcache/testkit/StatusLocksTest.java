package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.PcacheStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever asks for the status waits for nobody who uses the cache. */
class StatusLocksTest {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long BACKING_BYTES = 64L << 20;

  private @TempDir(factory = MemoryFolder.class) Path folder;

  @Test
  void statusNeedsNoLockOfTheEngine() throws IOException {
    Path cache = folder.resolve("cache");
    Pcache.format(FormatOptions.of(cache).withSizeBytes(CACHE_BYTES));
    Path backing = SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing))) {
      new BlockingDevice(open.device()).write(4096, 4096, 1);
      HeldLocks locks = HeldLocks.of(open);
      // The lock of every stripe, of commits, of the backing device's pool and gate.
      assertThat(locks.lockCount()).isGreaterThan(4);
      locks.runHolding(() -> {
        PcacheStatus status =
            CompletableFuture.supplyAsync(open::status).orTimeout(30, TimeUnit.SECONDS).join();
        assertThat(status.writes()).isEqualTo(1);
        assertThat(status.dirtyBytes()).isGreaterThanOrEqualTo(0);
      });
    }
  }
}
