package io.pcache.testkit;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The engine against a plain model, with a cache half the size of its device, so that all of
 * write-back and reclaiming runs.
 */
@Tag("engine")
@ExtendWith(Seeds.class)
class ModelTest {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long BACKING_BYTES = 1L << 30;
  private static final int OPERATIONS = 100_000;
  private static final int ROUNDS = 40;
  private static final long HOT_BYTES = 48L << 20;

  private @TempDir Path disk;

  @TempDir(factory = MemoryFolder.class)
  private Path memory;

  @Test
  void oneThreadReadsWhatAPlainModelHolds(Seed seed) throws IOException, InterruptedException {
    run(memory, 1, true, seed);
  }

  @Test
  void eightThreadsReadWhatAPlainModelHolds(Seed seed) throws IOException, InterruptedException {
    run(disk, 8, false, seed);
  }

  private static void run(Path folder, int threads, boolean dataCrc, Seed seed)
      throws IOException, InterruptedException {
    Path cacheFile = folder.resolve("cache.img");
    Path backingFile = SparseFiles.create(folder.resolve("backing.img"), BACKING_BYTES);
    Pcache.format(FormatOptions.of(cacheFile).withSizeBytes(CACHE_BYTES).withDataCrc(dataCrc));
    ModelRun run;
    try (PcacheUnderTest cache = new PcacheUnderTest(OpenOptions.of(cacheFile, backingFile))) {
      run = new ModelRun(cache, new ModelSettings(OPERATIONS, threads, ROUNDS, HOT_BYTES), seed);
      run.run();
      cache.cache().drain((left, atStart) -> {});
    }
    run.verifyFile(backingFile);
  }
}
