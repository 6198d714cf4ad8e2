package io.pcache.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Durable writes with the cache on a disk: 4 KiB at a random place, then a flush, again and again
 * by each of 1 and of 16 clients in this process, in turns with what the disk itself does: one
 * thread that writes 4 KiB at a random place of a file, then calls {@code fdatasync}. The backing
 * device is memory; write-back goes on behind the clients and syncs the same disk.
 *
 * <p>Arguments: a folder on the disk, how many rounds, and how many seconds a turn lasts.
 */
public final class DurableWrites {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long DEVICE_BYTES = 256L << 20;
  private static final int BLOCK_BYTES = 4096;
  private static final int CLIENTS = 16;
  private static final int FILL_BYTES = 1 << 20;
  private static final double NANOS_PER_MICRO = 1e3;

  private DurableWrites() {}

  /** Runs all rounds and prints what came out. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path place = Path.of(args[0]);
    int rounds = Integer.parseInt(args[1]);
    long turnNanos = TimeUnit.MILLISECONDS.toNanos((long) (Double.parseDouble(args[2]) * 1000));
    try (BenchmarkFolder folder = BenchmarkFolder.createIn(place);
        FileChannel file = writtenFile(folder.file("device"));
        BenchmarkCache cache =
            BenchmarkCache.open(folder, CACHE_BYTES, false, new MemoryStore(DEVICE_BYTES))) {
      // Every segment was taken once before anything is measured, as in a cache that has run.
      for (long written = 0; written < CACHE_BYTES; written += DEVICE_BYTES) {
        cache.fill(BLOCK_BYTES);
      }
      cache.drain();
      Results results = new Results();
      for (int round = -1; round < rounds; round++) {
        Turn device = new Turn(List.of(deviceWrite(file)), turnNanos);
        Turn one = new Turn(flushedWrites(cache, 1), turnNanos);
        cache.drain();
        Turn many = new Turn(flushedWrites(cache, CLIENTS), turnNanos);
        // Nobody else uses the disk in its own turn.
        cache.drain();
        if (round >= 0) {
          results.add(device, one, many);
        }
      }
      results.print();
    }
  }

  /** Overwriting what was written before is the least that a durable write can cost. */
  private static FileChannel writtenFile(Path path) throws IOException {
    FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    ByteBuffer bytes = ByteBuffer.allocateDirect(FILL_BYTES);
    for (long at = 0; at < DEVICE_BYTES; at += FILL_BYTES) {
      writeFully(file, bytes.clear(), at);
    }
    file.force(true);
    return file;
  }

  private static void writeFully(FileChannel file, ByteBuffer bytes, long at) throws IOException {
    while (bytes.hasRemaining()) {
      var _ = file.write(bytes, at + bytes.position());
    }
  }

  private static DurableWrite deviceWrite(FileChannel file) {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    SplittableRandom random = new SplittableRandom(1);
    return () -> {
      writeFully(file, block.clear(), random.nextLong(DEVICE_BYTES / BLOCK_BYTES) * BLOCK_BYTES);
      file.force(false);
    };
  }

  private static List<DurableWrite> flushedWrites(BenchmarkCache cache, int clients) {
    List<DurableWrite> writes = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      BlockClient client = cache.newClient(BLOCK_BYTES);
      writes.add(() -> {
        client.write(client.randomOffsetBytes());
        client.flush();
      });
    }
    return writes;
  }

  /** One write that is durable on return. */
  @FunctionalInterface
  private interface DurableWrite {
    void run() throws IOException;
  }

  /** Some threads that write for a while, each as fast as it may. */
  private static final class Turn {
    private final LatencyHistogram times = new LatencyHistogram();
    private final double perSecond;

    Turn(List<DurableWrite> writes, long nanos) throws InterruptedException {
      long start = System.nanoTime();
      List<Thread> threads = new ArrayList<>();
      for (DurableWrite write : writes) {
        threads.add(Thread.ofPlatform().start(() -> repeat(write, start + nanos)));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      perSecond = times.count() * 1e9 / (System.nanoTime() - start);
    }

    private void repeat(DurableWrite write, long endNanos) {
      LatencyHistogram own = new LatencyHistogram();
      try {
        long start = System.nanoTime();
        while (endNanos - start > 0) {
          write.run();
          long now = System.nanoTime();
          own.record(now - start);
          start = now;
        }
      } catch (IOException e) {
        throw new IllegalStateException("the disk failed", e);
      }
      synchronized (times) {
        times.add(own);
      }
    }
  }

  /** What was measured for each number of clients, round by round. */
  private static final class Results {
    private final Row device = new Row("the disk itself");
    private final Row one = new Row("pcache, 1 client");
    private final Row many = new Row("pcache, " + CLIENTS + " clients");

    void add(Turn deviceTurn, Turn oneTurn, Turn manyTurn) {
      device.add(deviceTurn, deviceTurn);
      one.add(oneTurn, deviceTurn);
      many.add(manyTurn, deviceTurn);
    }

    void print() {
      System.out.println(
          "| what | durable writes/s, median (min-max) | × the disk, median (min-max of the rounds) | µs p50 / p99 / longest |");
      System.out.println("|---|---:|---:|---:|");
      device.print();
      one.print();
      many.print();
    }
  }

  /** All turns of one kind. */
  private static final class Row {
    private final String name;
    private final List<Double> rates = new ArrayList<>();
    private final List<Double> ratios = new ArrayList<>();
    private final LatencyHistogram times = new LatencyHistogram();

    Row(String name) {
      this.name = name;
    }

    void add(Turn turn, Turn deviceTurn) {
      rates.add(turn.perSecond);
      ratios.add(turn.perSecond / deviceTurn.perSecond);
      times.add(turn.times);
    }

    void print() {
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %.0f / %.0f / %.0f |%n",
          name,
          spread("%.0f", rates),
          spread("%.2f", ratios),
          times.percentileNanos(50) / NANOS_PER_MICRO,
          times.percentileNanos(99) / NANOS_PER_MICRO,
          times.maxNanos() / NANOS_PER_MICRO);
    }

    private static String spread(String format, List<Double> values) {
      double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      String all = format + " (" + format + "-" + format + ")";
      return String.format(
          Locale.ROOT,
          all,
          sorted[sorted.length / 2],
          sorted[0],
          Arrays.stream(sorted).max().orElse(0));
    }
  }
}
