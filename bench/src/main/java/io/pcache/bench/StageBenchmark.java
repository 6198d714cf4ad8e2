package io.pcache.bench;

import io.pcache.format.KeySetRecord;
import io.pcache.log.KeySetStage;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A key's way into memory, where it waits for the log: what every write does under its lock. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StageBenchmark {
  private final StagedKeysPool pool = new StagedKeysPool(2);
  private final KeySetStage stage = new KeySetStage(pool);
  private final List<StagedKeys> batch = new ArrayList<>();
  private long nextOffsetBytes;

  /** Stages a full key set, and takes it out as a commit does. */
  @Benchmark
  @OperationsPerInvocation(KeySetRecord.MAX_KEYS)
  public void append() {
    for (int i = 0; i < KeySetRecord.MAX_KEYS; i++) {
      var _ = stage.append(nextOffsetBytes, BareCopyBenchmark.BLOCK_BYTES, 0, 1, 0, 1, 0);
      nextOffsetBytes += BareCopyBenchmark.BLOCK_BYTES;
    }
    stage.drainTo(batch);
    batch.forEach(pool::give);
    batch.clear();
  }
}
