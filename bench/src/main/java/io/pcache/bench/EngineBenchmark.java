package io.pcache.bench;

import io.pcache.backing.BackingStore;
import io.pcache.backing.FileBackingStore;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
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
 * The whole engine in this process, one request at a time per thread, for ever: the log, write-back
 * and reclaiming go on behind it, as in a running cache. {@link EngineBurstBenchmark} is the same
 * without them.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EngineBenchmark {
  private static final int READ_PERCENT = 70;

  /** Overwrites a random block. */
  @Benchmark
  public void randomWrite(OpenCache cache, Client client) {
    client.write(cache, client.blocks.randomOffsetBytes());
  }

  /** Overwrites the next block. */
  @Benchmark
  public void sequentialWrite(OpenCache cache, Client client) {
    client.write(cache, client.blocks.nextOffsetBytes());
  }

  /** Reads a random block, which the cache has where the working set fits into it. */
  @Benchmark
  public void randomRead(OpenCache cache, Client client) {
    client.blocks.read(client.blocks.randomOffsetBytes());
  }

  /** Reads seven random blocks for three that it overwrites. */
  @Benchmark
  public void mixed(OpenCache cache, Client client) {
    if (client.blocks.chance(READ_PERCENT)) {
      client.blocks.read(client.blocks.randomOffsetBytes());
    } else {
      client.write(cache, client.blocks.randomOffsetBytes());
    }
  }

  /** A cache of 512 MiB whose working set was written once, shared by all threads. */
  @State(Scope.Benchmark)
  public static class OpenCache {
    private static final long CACHE_BYTES = 512L << 20;

    @Param({"false", "true"})
    boolean dataCrc;

    @Param("4096")
    int blockBytes;

    /** 256 fits into the cache; 1024 is twice as much as it holds. */
    @Param("256")
    int workingSetMebibytes;

    /** Every how many writes one has FUA; 0 for none. */
    @Param("0")
    int durableEvery;

    /** After how many writes each thread flushes; 0 for never. */
    @Param("0")
    int flushEvery;

    /** In memory of this process, or a file. */
    @Param("memory")
    String backing = "memory";

    private BenchmarkFolder folder;
    private BenchmarkCache cache;

    /** Formats, opens and fills a cache. */
    @Setup
    public void open() throws IOException {
      folder = BenchmarkFolder.create();
      cache = BenchmarkCache.open(folder, CACHE_BYTES, dataCrc, backingStore());
      cache.fill(blockBytes);
    }

    private BackingStore backingStore() throws IOException {
      long sizeBytes = (long) workingSetMebibytes << 20;
      return switch (backing) {
        case "memory" -> new MemoryStore(sizeBytes);
        case "file" -> FileBackingStore.open(folder.sparseFile("backing", sizeBytes));
        default -> throw new IllegalArgumentException("backing is memory or file, not " + backing);
      };
    }

    /** Closes the cache and gives the memory back. */
    @TearDown
    public void close() throws IOException {
      cache.close();
      folder.close();
    }
  }

  /** One thread's client. */
  @State(Scope.Thread)
  public static class Client {
    private BlockClient blocks;
    private int writes;

    /** Begins. */
    @Setup
    public void begin(OpenCache cache) {
      blocks = cache.cache.newClient(cache.blockBytes);
    }

    private void write(OpenCache cache, long offsetBytes) {
      writes++;
      if (isDue(cache.durableEvery)) {
        blocks.writeDurably(offsetBytes);
      } else {
        blocks.write(offsetBytes);
      }
      if (isDue(cache.flushEvery)) {
        blocks.flush();
      }
    }

    private boolean isDue(int every) {
      return every > 0 && writes % every == 0;
    }
  }
}
