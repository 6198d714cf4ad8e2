package io.pcache.bench;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * How long single requests take while write-back and reclaiming go on behind them: one client, one
 * request after the other at random places, as fast as they are answered. Prints the percentiles,
 * and every kind of pause of the virtual machine meanwhile.
 *
 * <p>Arguments: seconds, how many in a hundred requests are reads, microseconds from one request to
 * the next or 0, and KiB a request.
 */
public final class Latency {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long DEVICE_BYTES = 256L << 20;
  private static final long WARM_UP_DIVISOR = 3;
  private static final double NANOS_PER_MICRO = 1e3;

  private Latency() {}

  /** Runs and prints. */
  public static void main(String[] args) throws IOException {
    long nanos = TimeUnit.MILLISECONDS.toNanos((long) (Double.parseDouble(args[0]) * 1000));
    int readPercent = Integer.parseInt(args[1]);
    long periodNanos = TimeUnit.MICROSECONDS.toNanos(Long.parseLong(args[2]));
    int blockBytes = Integer.parseInt(args[3]) << 10;
    try (BenchmarkFolder folder = BenchmarkFolder.create();
        BenchmarkCache cache =
            BenchmarkCache.open(folder, CACHE_BYTES, false, new MemoryStore(DEVICE_BYTES))) {
      cache.fill(blockBytes);
      Load load = new Load(cache.newClient(blockBytes), readPercent, periodNanos);
      load.run(nanos / WARM_UP_DIVISOR);
      load.forget();
      VirtualMachinePauses pauses = VirtualMachinePauses.begin(folder);
      load.run(nanos);
      print(load, pauses.end());
    }
  }

  private static void print(Load load, Map<String, LatencyHistogram> pauses) {
    System.out.printf("collector: %s%n%n", collector());
    System.out.println("| what | times | p50 µs | p99 µs | p99.9 µs | longest µs | p99.9 / p50 |");
    System.out.println("|---|---:|---:|---:|---:|---:|---:|");
    printRow("write", load.writes);
    printRow("read", load.reads);
    pauses.forEach((cause, times) -> printRow("pause: " + cause, times));
  }

  private static String collector() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .map(GarbageCollectorMXBean::getName)
        .collect(Collectors.joining(", "));
  }

  private static void printRow(String what, LatencyHistogram times) {
    if (times.count() == 0) {
      return;
    }
    double median = times.percentileNanos(50) / NANOS_PER_MICRO;
    double high = times.percentileNanos(99.9) / NANOS_PER_MICRO;
    System.out.printf(
        Locale.ROOT,
        "| %s | %d | %.2f | %.2f | %.2f | %.1f | %.1f |%n",
        what,
        times.count(),
        median,
        times.percentileNanos(99) / NANOS_PER_MICRO,
        high,
        times.maxNanos() / NANOS_PER_MICRO,
        high / median);
  }

  /** The client's requests and how long they took. */
  private static final class Load {
    private final BlockClient client;
    private final int readPercent;
    private final long periodNanos;
    private LatencyHistogram writes = new LatencyHistogram();
    private LatencyHistogram reads = new LatencyHistogram();

    Load(BlockClient client, int readPercent, long periodNanos) {
      this.client = client;
      this.readPercent = readPercent;
      this.periodNanos = periodNanos;
    }

    void forget() {
      writes = new LatencyHistogram();
      reads = new LatencyHistogram();
    }

    /** No time is left out: a request begins when the last one ends, or when it is due. */
    void run(long nanos) {
      long due = System.nanoTime();
      long end = due + nanos;
      while (end - due > 0) {
        boolean read = client.chance(readPercent);
        long offset = client.randomOffsetBytes();
        awaitTime(due);
        if (read) {
          client.read(offset);
        } else {
          client.write(offset);
        }
        long now = System.nanoTime();
        (read ? reads : writes).record(now - due);
        due = periodNanos > 0 ? due + periodNanos : now;
      }
    }

    private static void awaitTime(long nanos) {
      while (nanos - System.nanoTime() > 0) {
        Thread.onSpinWait();
      }
    }
  }
}
