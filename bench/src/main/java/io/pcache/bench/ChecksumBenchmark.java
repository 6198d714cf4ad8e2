package io.pcache.bench;

import io.pcache.format.Checksum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The checksum that data_crc adds to every write and every read from the cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumBenchmark {
  private final MemorySegment block =
      Arena.ofAuto()
          .allocate(BareCopyBenchmark.BLOCK_BYTES, BareCopyBenchmark.BLOCK_BYTES)
          .fill((byte) 7);

  /** Checksums one block, which the processor's cache holds. */
  @Benchmark
  public int block() {
    return Checksum.of(block, 0, BareCopyBenchmark.BLOCK_BYTES);
  }
}
