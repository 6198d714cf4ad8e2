package io.pcache.bench;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
 * The whole engine in this process, one request of 4 KiB at a time per thread, at random places of
 * a working set that the cache holds. The log, write-back and reclaiming go on behind it, as in a
 * running cache.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EngineBenchmark {
  static final int BLOCK_BYTES = 4096;

  /** Overwrites a random block. Not flushed. */
  @Benchmark
  public void randomWrite(OpenCache cache, Client client) {
    client.request.prepareWrite(client.randomOffsetBytes(cache), client.block, false);
    client.request.runOn(cache.device);
  }

  /** Reads a random block, which the cache has. */
  @Benchmark
  public void randomReadHit(OpenCache cache, Client client) {
    client.request.prepareRead(client.randomOffsetBytes(cache), client.block);
    client.request.runOn(cache.device);
  }

  /** A cache whose working set was written once, shared by all threads. */
  @State(Scope.Benchmark)
  public static class OpenCache {
    private static final long CACHE_BYTES = 512L << 20;

    @Param({"false", "true"})
    boolean dataCrc;

    @Param("256")
    int workingSetMebibytes;

    private final AtomicLong clients = new AtomicLong();
    private BenchmarkFolder folder;
    private Pcache pcache;
    private BlockDevice device;
    private int blocks;

    /** Formats, opens and fills a cache. */
    @Setup
    public void open() throws IOException {
      folder = BenchmarkFolder.create();
      Path cache = folder.file("cache");
      Path backing = folder.sparseFile("backing", (long) workingSetMebibytes << 20);
      Pcache.format(FormatOptions.of(cache).withSizeBytes(CACHE_BYTES).withDataCrc(dataCrc));
      pcache = Pcache.open(OpenOptions.of(cache, backing));
      device = pcache.device();
      blocks = Math.toIntExact(device.sizeBytes() / BLOCK_BYTES);
      fill();
    }

    private void fill() {
      MemorySegment block = Arena.ofAuto().allocate(BLOCK_BYTES, BLOCK_BYTES).fill((byte) 3);
      AwaitedRequest request = new AwaitedRequest();
      for (int i = 0; i < blocks; i++) {
        request.prepareWrite((long) i * BLOCK_BYTES, block, false);
        request.runOn(device);
      }
      pcache.flush();
    }

    /** Closes the cache and gives the memory back. */
    @TearDown
    public void close() throws IOException {
      pcache.close();
      folder.close();
    }
  }

  /** One thread's request, buffer and choice of blocks. */
  @State(Scope.Thread)
  public static class Client {
    private final AwaitedRequest request = new AwaitedRequest();
    private final MemorySegment block = Arena.ofAuto().allocate(BLOCK_BYTES, BLOCK_BYTES);
    private SplittableRandom random;

    /** Each thread goes a way of its own, the same in every run. */
    @Setup
    public void seed(OpenCache cache) {
      random = new SplittableRandom(cache.clients.incrementAndGet());
    }

    private long randomOffsetBytes(OpenCache cache) {
      return (long) random.nextInt(cache.blocks) * BLOCK_BYTES;
    }
  }
}
