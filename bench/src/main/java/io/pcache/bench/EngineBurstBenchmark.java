package io.pcache.bench;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.block.BlockDevice;
import io.pcache.testkit.FaultyStore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Random writes into a cache that has room for all of them while nothing is written back or
 * reclaimed: what a write itself costs. Before every burst the cache is drained and emptied.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EngineBurstBenchmark {
  private static final int WRITES = 1 << 17;

  /** A burst of writes in each thread; the time is that of one write. */
  @Benchmark
  @OperationsPerInvocation(WRITES)
  public void randomWrite(RoomyCache cache, Client client) {
    for (int i = 0; i < WRITES; i++) {
      long offset = (long) client.random.nextInt(cache.blocks) * cache.blockBytes;
      client.request.prepareWrite(offset, client.block, false);
      client.request.runOn(cache.device);
    }
  }

  /** A cache with room for a burst. */
  @State(Scope.Benchmark)
  public static class RoomyCache {
    private static final int GC_PERCENT = 70;
    private static final long POLL_NANOS = 1_000_000;

    @Param({"false", "true"})
    boolean dataCrc;

    @Param("4096")
    int blockBytes;

    @Param("256")
    int workingSetMebibytes;

    /** Has room for a burst of every thread. */
    @Param("1792")
    int cacheMebibytes;

    private final AtomicLong clients = new AtomicLong();
    private BenchmarkFolder folder;
    private FaultyStore store;
    private Pcache pcache;
    private BlockDevice device;
    private int blocks;

    /** Formats and opens a cache, and writes all of it once, so that all of its pages are there. */
    @Setup
    public void open() throws IOException {
      folder = BenchmarkFolder.create();
      Path cache = folder.file("cache");
      long cacheBytes = (long) cacheMebibytes << 20;
      Pcache.format(FormatOptions.of(cache).withSizeBytes(cacheBytes).withDataCrc(dataCrc));
      store = new FaultyStore(new MemoryStore((long) workingSetMebibytes << 20));
      pcache = Pcache.open(OpenOptions.of(cache, folder.file("backing")), store);
      device = pcache.device();
      blocks = Math.toIntExact(device.sizeBytes() / blockBytes);
      AwaitedRequest request = new AwaitedRequest();
      for (long written = 0; written < cacheBytes; written += device.sizeBytes()) {
        request.prepareWriteZeroes(0, device.sizeBytes(), false);
        request.runOn(device);
      }
      store.hold();
    }

    /** Empties the cache. */
    @Setup(Level.Invocation)
    public void empty() {
      store.letGo();
      boolean clean = pcache.drain((bytesLeft, bytesAtStart) -> {});
      if (!clean) {
        throw new IllegalStateException("the cache was not drained: " + pcache.status());
      }
      pcache.setGcPercent(0);
      while (pcache.status().cachedExtents() > 0) {
        LockSupport.parkNanos(POLL_NANOS);
      }
      pcache.setGcPercent(GC_PERCENT);
      store.hold();
    }

    /** Closes the cache and gives the memory back. */
    @TearDown
    public void close() throws IOException {
      store.letGo();
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

    /** Each thread goes a way of its own, the same in every run. */
    @Setup
    public void begin(RoomyCache cache) {
      random = new SplittableRandom(cache.clients.incrementAndGet());
      block = Arena.ofAuto().allocate(cache.blockBytes, cache.blockBytes);
    }
  }
}
