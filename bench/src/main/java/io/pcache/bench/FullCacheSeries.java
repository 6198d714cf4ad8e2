package io.pcache.bench;

import io.pcache.PcacheStatus;
import io.pcache.testkit.RateLimitedStore;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * What clients see while a cache fills up in front of a slow disk and stays full: one thread writes
 * 4 KiB at random places as fast as it may, another reads such places. Prints a line of
 * comma-separated values every tenth of a second.
 *
 * <p>Arguments: seconds, and the disk's MiB per second.
 */
public final class FullCacheSeries {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long DISK_BYTES = 1L << 30;
  private static final int BLOCK_BYTES = 4096;
  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final double MIB = 1 << 20;

  private FullCacheSeries() {}

  /** Runs the series. */
  public static void main(String[] args) throws IOException, InterruptedException {
    int seconds = Integer.parseInt(args[0]);
    long diskBytesPerSecond = Long.parseLong(args[1]) << 20;
    try (BenchmarkFolder folder = BenchmarkFolder.create()) {
      RateLimitedStore disk =
          RateLimitedStore.inRealTime(new MemoryStore(DISK_BYTES), diskBytesPerSecond);
      try (BenchmarkCache cache = BenchmarkCache.open(folder, CACHE_BYTES, false, disk)) {
        run(cache, seconds);
        // What is dirty at the end would take the slow disk a while; nobody needs it.
        cache.pcache().kill();
      }
    }
  }

  private static void run(BenchmarkCache cache, int seconds) throws InterruptedException {
    BlockClient writer = cache.newClient(BLOCK_BYTES);
    BlockClient reader = cache.newClient(BLOCK_BYTES);
    Load writes = new Load(() -> writer.write(writer.randomOffsetBytes()));
    Load reads = new Load(() -> reader.read(reader.randomOffsetBytes()));
    System.out.println(
        "seconds,written_mib_per_second,slowest_write_ms,reads_per_second,slowest_read_ms,dirty_mib,segments_in_use_percent");
    long start = System.nanoTime();
    for (int step = 1; step <= seconds * 10; step++) {
      LockSupport.parkNanos(start + step * STEP_NANOS - System.nanoTime());
      print((System.nanoTime() - start) / 1e9, writes, reads, cache.pcache().status());
    }
    writes.stop();
    reads.stop();
  }

  private static void print(double seconds, Load writes, Load reads, PcacheStatus status) {
    double stepSeconds = STEP_NANOS / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%.1f,%.1f,%.2f,%.0f,%.2f,%.1f,%.1f%n",
        seconds,
        writes.takeCount() * BLOCK_BYTES / MIB / stepSeconds,
        writes.takeSlowestNanos() / 1e6,
        reads.takeCount() / stepSeconds,
        reads.takeSlowestNanos() / 1e6,
        status.dirtyBytes() / MIB,
        100.0 * status.segmentsInUse() / status.segments());
  }

  /** One thread with one request at a time. */
  private static final class Load {
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong slowestNanos = new AtomicLong();
    private final AtomicLong requestStartNanos = new AtomicLong(Long.MAX_VALUE);
    private final Thread thread;
    private volatile boolean stopping;

    Load(Runnable request) {
      thread = Thread.ofPlatform().daemon().start(() -> run(request));
    }

    private void run(Runnable request) {
      while (!stopping) {
        long start = System.nanoTime();
        requestStartNanos.set(start);
        request.run();
        long nanos = System.nanoTime() - start;
        slowestNanos.accumulateAndGet(nanos, Math::max);
        count.incrementAndGet();
      }
    }

    long takeCount() {
      return count.getAndSet(0);
    }

    /** A request that still waits counts with the time it has waited. */
    long takeSlowestNanos() {
      long waiting = System.nanoTime() - requestStartNanos.get();
      return Math.max(slowestNanos.getAndSet(0), waiting);
    }

    void stop() throws InterruptedException {
      stopping = true;
      thread.join();
    }
  }
}
