package io.pcache.bench;

import io.pcache.Pcache;
import io.pcache.testkit.FaultyStore;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
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
 * Usually every block is then written once, so that the burst overwrites; into an empty cache about
 * half of its writes are the first ones of their blocks.
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
      client.blocks.write(client.blocks.randomOffsetBytes());
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

    /** Whether a burst finds the working set in the cache, or nothing. */
    @Param({"true", "false"})
    boolean filled;

    /** Has room for the working set and a burst of each of two threads. */
    @Param("1792")
    int cacheMebibytes;

    private BenchmarkFolder folder;
    private FaultyStore store;
    private BenchmarkCache cache;

    /** Formats and opens a cache, and writes all of it once, so that all of its pages are there. */
    @Setup
    public void open() throws IOException {
      long cacheBytes = (long) cacheMebibytes << 20;
      long deviceBytes = (long) workingSetMebibytes << 20;
      folder = BenchmarkFolder.create();
      store = new FaultyStore(new MemoryStore(deviceBytes));
      cache = BenchmarkCache.open(folder, cacheBytes, dataCrc, store);
      BlockClient client = cache.newClient(blockBytes);
      for (long written = 0; written < cacheBytes; written += deviceBytes) {
        client.zeroAll();
      }
      store.hold();
    }

    /** Empties the cache, and writes every block once where it is to be filled. */
    @Setup(Level.Invocation)
    public void prepare() {
      store.letGo();
      cache.drain();
      Pcache pcache = cache.pcache();
      pcache.setGcPercent(0);
      while (pcache.status().cachedExtents() > 0) {
        LockSupport.parkNanos(POLL_NANOS);
      }
      pcache.setGcPercent(GC_PERCENT);
      store.hold();
      if (filled) {
        cache.fill(blockBytes);
      }
    }

    /** Closes the cache and gives the memory back. */
    @TearDown
    public void close() throws IOException {
      store.letGo();
      cache.close();
      folder.close();
    }
  }

  /** One thread's client. */
  @State(Scope.Thread)
  public static class Client {
    private BlockClient blocks;

    /** Begins. */
    @Setup
    public void begin(RoomyCache cache) {
      blocks = cache.cache.newClient(cache.blockBytes);
    }
  }
}
