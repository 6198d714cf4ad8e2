package io.pcache.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The limits: 4 KiB copied to the next place of a mapped file, which is the least that a write to a
 * cache can cost, and 4 KiB copied out of a random place, the least that a read can. The mapping's
 * pages are there before it is measured.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BareCopyBenchmark {
  static final int BLOCK_BYTES = 4096;

  /** Copies a block to the next place. */
  @Benchmark
  public void append(Target target, Copier copier) {
    MemorySegment.copy(copier.block, 0, target.mapping, copier.nextOffsetBytes, BLOCK_BYTES);
    copier.advance(target.mapping.byteSize());
  }

  /** Copies a random block out. */
  @Benchmark
  public void copyOut(Target target, Copier copier) {
    long block = copier.random.nextLong(target.mapping.byteSize() / BLOCK_BYTES);
    MemorySegment.copy(target.mapping, block * BLOCK_BYTES, copier.block, 0, BLOCK_BYTES);
  }

  /** A mapped file, shared by all threads. */
  @State(Scope.Benchmark)
  public static class Target {
    @Param("512")
    int targetMebibytes;

    private final AtomicInteger copiers = new AtomicInteger();
    private BenchmarkFolder folder;
    private Arena arena;
    private MemorySegment mapping;

    /** Maps a file and touches every page. */
    @Setup
    public void map() throws IOException {
      long sizeBytes = (long) targetMebibytes << 20;
      folder = BenchmarkFolder.create();
      arena = Arena.ofShared();
      Path file = folder.sparseFile("target", sizeBytes);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        mapping = channel.map(MapMode.READ_WRITE, 0, sizeBytes, arena);
      }
      mapping.fill((byte) 1);
    }

    /** Gives the memory back. */
    @TearDown
    public void unmap() throws IOException {
      arena.close();
      folder.close();
    }
  }

  /** One thread's block, and the places it copies to and from. */
  @State(Scope.Thread)
  public static class Copier {
    private final MemorySegment block = Arena.ofAuto().allocate(BLOCK_BYTES, BLOCK_BYTES);
    private SplittableRandom random;
    private long nextOffsetBytes;

    /** Threads start at different quarters, so that they do not write the same lines at a time. */
    @Setup
    public void place(Target target) {
      int number = target.copiers.getAndIncrement();
      nextOffsetBytes = number % 4 * (target.mapping.byteSize() / 4);
      random = new SplittableRandom(number);
    }

    private void advance(long sizeBytes) {
      long next = nextOffsetBytes + BLOCK_BYTES;
      nextOffsetBytes = next == sizeBytes ? 0 : next;
    }
  }
}
