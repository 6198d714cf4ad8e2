package io.pcache.bench;

import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentCursor;
import io.pcache.index.ExtentIndex;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The index at random places, full of extents of 4 KiB. Each thread has an index of its own:
 * without the engine's locks, several threads must not share one.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ExtentIndexBenchmark {
  private static final int BLOCKS_PER_SEGMENT =
      MediaLayout.DATA_AREA_BYTES / BareCopyBenchmark.BLOCK_BYTES;

  @Param("1048576")
  int extents;

  private final SplittableRandom random = new SplittableRandom(1);
  private final ExtentCursor cursor = new ExtentCursor();
  private final Key key = new Key();
  private ExtentIndex index;
  private int nextPlace;

  /** Puts every extent once. */
  @Setup
  public void fill() {
    index = new ExtentIndex((long) extents * BareCopyBenchmark.BLOCK_BYTES, false);
    for (int block = 0; block < extents; block++) {
      put(block, block);
    }
  }

  /** Makes a random block read from another place, as each write of one does. */
  @Benchmark
  public void put() {
    nextPlace = nextPlace + 1 == extents ? 0 : nextPlace + 1;
    put(random.nextInt(extents), nextPlace);
  }

  /** Finds where a random block is, as each read does. */
  @Benchmark
  public int lookup() {
    index.seek(cursor, (long) random.nextInt(extents) * BareCopyBenchmark.BLOCK_BYTES);
    return cursor.cacheSegId() + cursor.segOffsetBytes();
  }

  private void put(int block, int place) {
    int segOffset = place % BLOCKS_PER_SEGMENT * BareCopyBenchmark.BLOCK_BYTES;
    long offset = (long) block * BareCopyBenchmark.BLOCK_BYTES;
    key.range(offset, BareCopyBenchmark.BLOCK_BYTES).place(place / BLOCKS_PER_SEGMENT, segOffset);
    index.put(key);
  }
}
