package io.pcache.bench;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.backing.BackingStore;
import io.pcache.backing.FileBackingStore;
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
 * The whole engine in this process, one request at a time per thread, for ever: the log, write-back
 * and reclaiming go on behind it, as in a running cache. {@link EngineBurstBenchmark} is the same
 * without them.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EngineBenchmark {
  /** Overwrites a random block. */
  @Benchmark
  public void randomWrite(OpenCache cache, Client client) {
    client.write(cache, client.randomOffsetBytes(cache));
  }

  /** Overwrites the next block. */
  @Benchmark
  public void sequentialWrite(OpenCache cache, Client client) {
    client.write(cache, client.nextOffsetBytes(cache));
  }

  /** Reads a random block, which the cache has where the working set fits into it. */
  @Benchmark
  public void randomRead(OpenCache cache, Client client) {
    client.read(cache, client.randomOffsetBytes(cache));
  }

  /** Reads seven random blocks for three that it overwrites. */
  @Benchmark
  public void mixed(OpenCache cache, Client client) {
    if (client.random.nextInt(10) < 7) {
      client.read(cache, client.randomOffsetBytes(cache));
    } else {
      client.write(cache, client.randomOffsetBytes(cache));
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

    /** In memory of this process, or a file. */
    @Param("memory")
    String backing = "memory";

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
      Pcache.format(FormatOptions.of(cache).withSizeBytes(CACHE_BYTES).withDataCrc(dataCrc));
      pcache = Pcache.open(OpenOptions.of(cache, folder.file("backing")), backingStore());
      device = pcache.device();
      blocks = Math.toIntExact(device.sizeBytes() / blockBytes);
      fill();
    }

    private BackingStore backingStore() throws IOException {
      long sizeBytes = (long) workingSetMebibytes << 20;
      return switch (backing) {
        case "memory" -> new MemoryStore(sizeBytes);
        case "file" -> FileBackingStore.open(folder.sparseFile("backing", sizeBytes));
        default -> throw new IllegalArgumentException("backing is memory or file, not " + backing);
      };
    }

    private void fill() {
      MemorySegment block = Arena.ofAuto().allocate(blockBytes, blockBytes).fill((byte) 3);
      AwaitedRequest request = new AwaitedRequest();
      for (int i = 0; i < blocks; i++) {
        request.prepareWrite((long) i * blockBytes, block, false);
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
    private MemorySegment block;
    private SplittableRandom random;
    private int next;
    private int writes;

    /** Each thread goes a way of its own, the same in every run. */
    @Setup
    public void begin(OpenCache cache) {
      random = new SplittableRandom(cache.clients.incrementAndGet());
      next = random.nextInt(cache.blocks);
      block = Arena.ofAuto().allocate(cache.blockBytes, cache.blockBytes);
    }

    private long randomOffsetBytes(OpenCache cache) {
      return (long) random.nextInt(cache.blocks) * cache.blockBytes;
    }

    private long nextOffsetBytes(OpenCache cache) {
      next = next + 1 == cache.blocks ? 0 : next + 1;
      return (long) next * cache.blockBytes;
    }

    private void write(OpenCache cache, long offsetBytes) {
      boolean durably = cache.durableEvery > 0 && ++writes % cache.durableEvery == 0;
      request.prepareWrite(offsetBytes, block, durably);
      request.runOn(cache.device);
    }

    private void read(OpenCache cache, long offsetBytes) {
      request.prepareRead(offsetBytes, block);
      request.runOn(cache.device);
    }
  }
}
