package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.CacheRepair;
import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A real kernel attaches what the engine leaves and reads what the engine wrote, and the engine
 * reads what the kernel wrote.
 */
@Tag("engine")
@Tag("kernel")
@RequiresKernelTool
@ExtendWith(Seeds.class)
class KernelCompatibilityTest {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long BACKING_BYTES = 64L << 20;
  private static final int KERNEL_OPS = 300;
  private static final int MAX_BYTES = 64 << 10;

  private @TempDir Path folder;

  /** In which state the engine leaves the cache. Each costs one start of an emulated machine. */
  enum Scenario {
    FRESH(false) {
      @Override
      void leave(Run run) {
        run.open().close();
      }
    },
    WRITTEN_AND_CLOSED(true) {
      @Override
      void leave(Run run) {
        try (Pcache cache = run.open()) {
          run.play(cache, 2000, MAX_BYTES);
        }
      }
    },
    DRAINED_IN_PART(false) {
      @Override
      void leave(Run run) {
        try (Pcache cache = run.open()) {
          run.play(cache, 1000, MAX_BYTES);
          cache.drain((left, atStart) -> {});
          run.play(cache, 1000, MAX_BYTES);
        }
      }
    },
    RECLAIMED_AGAIN_AND_AGAIN(true) {
      @Override
      void leave(Run run) {
        try (Pcache cache = run.open()) {
          cache.setGcPercent(20);
          while (cache.status().writtenBytes() < 3 * CACHE_BYTES) {
            run.play(cache, 200, 8 << 20);
          }
          assertThat(cache.status().reclaimedSegments()).isPositive();
        }
      }
    },
    KILLED_AFTER_A_FLUSH(false) {
      @Override
      void leave(Run run) {
        Pcache cache = run.open();
        run.play(cache, 2000, MAX_BYTES);
        cache.kill();
      }
    },
    REPAIRED_AFTER_A_LOSS(true) {
      @Override
      void leave(Run run) throws IOException {
        try (Pcache cache = run.open()) {
          run.play(cache, 1000, MAX_BYTES);
        }
        run.loseSuperblockAndCacheInfo();
        try (CacheRepair repair = CacheRepair.open(run.cacheFile)) {
          repair.apply();
        }
      }
    },
    KILLED_AND_RECOVERED_AND_KILLED(true) {
      @Override
      void leave(Run run) {
        for (int i = 0; i < 3; i++) {
          Pcache cache = run.open();
          run.play(cache, 1000, 1 << 20);
          cache.kill();
        }
      }
    };

    private final boolean dataCrc;

    Scenario(boolean dataCrc) {
      this.dataCrc = dataCrc;
    }

    abstract void leave(Run run) throws IOException;
  }

  /** A pair of devices, and what the logical device has to hold. */
  static final class Run {
    private final Path cacheFile;
    private final Path backingFile;
    private final RandomGenerator random;
    private final ExpectedContent expected =
        new ExpectedContent(BACKING_BYTES, SectorContent.BACKING_ID);
    private int nextId = 1;

    Run(Path folder, boolean dataCrc, RandomGenerator random) throws IOException {
      this.cacheFile = folder.resolve("cache.img");
      this.backingFile = folder.resolve("backing.img");
      this.random = random;
      expected.writeTo(backingFile);
      Pcache.format(FormatOptions.of(cacheFile).withSizeBytes(CACHE_BYTES).withDataCrc(dataCrc));
    }

    Pcache open() {
      return Pcache.open(OpenOptions.of(cacheFile, backingFile));
    }

    void loseSuperblockAndCacheInfo() throws IOException {
      try (FileChannel file = FileChannel.open(cacheFile, StandardOpenOption.WRITE)) {
        file.write(ByteBuffer.allocate(12 << 10), 4 << 10);
      }
    }

    /** Random writes, and a flush at the end. */
    void play(Pcache cache, int count, int maxBytes) {
      nextOps(count, maxBytes).play(new BlockingDevice(cache.device()));
    }

    Ops nextOps(int count, int maxBytes) {
      Ops ops = Ops.random(random, count, BACKING_BYTES, maxBytes, nextId);
      nextId += count;
      expected.replay(ops);
      return ops;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCacheGoesToTheKernelAndComesBack(Scenario scenario, Seed seed)
      throws IOException, InterruptedException {
    Run run = new Run(folder, scenario.dataCrc, seed.random());
    scenario.leave(run);
    LogWalk left = LogWalk.of(run.cacheFile);
    Path kernelOps = folder.resolve("kernel-ops");
    run.nextOps(KERNEL_OPS, MAX_BYTES).write(kernelOps);

    KernelReport report =
        KernelTool.run(
            KernelRun.of(run.cacheFile, run.backingFile, scenario.dataCrc).withOps(kernelOps));

    assertThat(report.attachedStatus().keyHead()).isEqualTo(left.keyHead());
    assertThat(report.logicalSha256()).isEqualTo(run.expected.sha256());
    // the kernel has changed the backing device, so only an operator may say that it is still the
    // one
    try (Pcache cache =
        Pcache.open(OpenOptions.of(run.cacheFile, run.backingFile).withAdopt(true))) {
      assertThat(Sha256.of(new BlockingDevice(cache.device()))).isEqualTo(run.expected.sha256());
      run.play(cache, KERNEL_OPS, MAX_BYTES);
      cache.drain((bytesLeft, atStart) -> {});
    }
    assertThat(Sha256.of(run.backingFile)).isEqualTo(run.expected.sha256());
  }
}
