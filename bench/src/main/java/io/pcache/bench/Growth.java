package io.pcache.bench;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.block.AwaitedRequest;
import io.pcache.block.BlockDevice;
import io.pcache.testkit.FaultyStore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What a cached extent costs as their number grows: extents of 512 bytes at random places of a
 * device four times as large as all of them, nothing written back. Prints a line of comma-separated
 * values for each number of extents given as an argument.
 */
public final class Growth {
  private static final int BLOCK_BYTES = 512;
  private static final int DEVICE_FACTOR = 4;

  /** A key, and its share of a key set's header. */
  private static final int KEY_BYTES = 41;

  private static final int MEASURED = 500_000;
  private static final int WARM_UPS = 4;
  private static final int WARM_UP_EXTENTS = 50_000;

  private Growth() {}

  /** Measures every size. */
  public static void main(String[] args) throws IOException, InterruptedException {
    System.out.println(
        "extents,data_crc,write_ns,overwrite_ns,read_ns,heap_bytes_per_extent,recovery_seconds,million_keys_per_second");
    // Until the compiler is done.
    for (int i = 0; i < WARM_UPS; i++) {
      var _ = measure(WARM_UP_EXTENTS, i % 2 == 0);
    }
    for (String extents : args) {
      for (boolean dataCrc : new boolean[] {false, true}) {
        System.out.println(measure(Integer.parseInt(extents), dataCrc));
      }
    }
  }

  private static String measure(int extents, boolean dataCrc) throws IOException {
    try (BenchmarkFolder folder = BenchmarkFolder.create()) {
      Path cache = folder.zeroFile("cache", cacheBytes(extents));
      Pcache.format(FormatOptions.of(cache).withDataCrc(dataCrc));
      long deviceBytes = (long) extents * BLOCK_BYTES * DEVICE_FACTOR;
      FaultyStore store = new FaultyStore(new BlankStore(deviceBytes));
      long emptyBytes = heapBytes();
      Measurement measured = new Measurement();
      int keys = extents + MEASURED;
      try (Pcache pcache = Pcache.open(OpenOptions.of(cache, folder.file("disk")), store)) {
        store.hold();
        Blocks blocks = new Blocks(pcache.device(), extents);
        measured.writeNanos = blocks.writeAll();
        measured.heapBytes = (heapBytes() - emptyBytes) / (double) extents;
        measured.overwriteNanos = blocks.overwrite();
        measured.readNanos = blocks.read();
        pcache.flush();
        // The write that waits in the store ends before the cache does.
        Thread killer = Thread.ofPlatform().start(pcache::kill);
        store.letGo();
        join(killer);
      }
      measured.recoverySeconds = recoverySeconds(cache, folder, deviceBytes);
      return line(extents, dataCrc, keys, measured);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Data and keys in four fifths of it: nothing is throttled before seven eighths are full. */
  private static long cacheBytes(int extents) {
    long written = (long) extents + MEASURED;
    return Math.max(512L << 20, written * (BLOCK_BYTES + KEY_BYTES) * 5 / 4 + (256L << 20));
  }

  private static double recoverySeconds(Path cache, BenchmarkFolder folder, long deviceBytes) {
    BlankStore store = new BlankStore(deviceBytes);
    OpenOptions options = OpenOptions.of(cache, folder.file("disk")).withAdopt(true);
    long start = System.nanoTime();
    try (Pcache pcache = Pcache.open(options, store)) {
      double seconds = (System.nanoTime() - start) / 1e9;
      pcache.kill();
      return seconds;
    }
  }

  private static String line(int extents, boolean dataCrc, int keys, Measurement measured) {
    return String.format(
        Locale.ROOT,
        "%d,%b,%.0f,%.0f,%.0f,%.1f,%.2f,%.2f",
        extents,
        dataCrc,
        measured.writeNanos,
        measured.overwriteNanos,
        measured.readNanos,
        measured.heapBytes,
        measured.recoverySeconds,
        keys / measured.recoverySeconds / 1e6);
  }

  private static long heapBytes() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static final class Measurement {
    private double writeNanos;
    private double overwriteNanos;
    private double readNanos;
    private double heapBytes;
    private double recoverySeconds;
  }

  /** A number of blocks, every fourth of the device, met in an order that looks random. */
  private static final class Blocks {
    private final BlockDevice device;
    private final int count;
    private final AwaitedRequest request = new AwaitedRequest();
    private final MemorySegment block = Arena.ofAuto().allocate(BLOCK_BYTES, BLOCK_BYTES);
    private final SplittableRandom random = new SplittableRandom(1);

    Blocks(BlockDevice device, int count) {
      this.device = device;
      this.count = count;
    }

    private long offsetBytes(long i) {
      return i * DEVICE_FACTOR * BLOCK_BYTES;
    }

    /** Each once: a step that has no common factor with the count meets all of them. */
    double writeAll() {
      long step = stepFor(count);
      long at = 0;
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        at = (at + step) % count;
        write(at);
      }
      return (System.nanoTime() - start) / (double) count;
    }

    private static long stepFor(int count) {
      long step = (long) (count * 0.618) | 1;
      while (greatestCommonDivisor(step, count) != 1) {
        step += 2;
      }
      return step;
    }

    private static long greatestCommonDivisor(long a, long b) {
      return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    double overwrite() {
      long start = System.nanoTime();
      for (int i = 0; i < MEASURED; i++) {
        write(random.nextInt(count));
      }
      return (System.nanoTime() - start) / (double) MEASURED;
    }

    double read() {
      long start = System.nanoTime();
      for (int i = 0; i < MEASURED; i++) {
        request.prepareRead(offsetBytes(random.nextInt(count)), block);
        request.runOn(device);
      }
      return (System.nanoTime() - start) / (double) MEASURED;
    }

    private void write(long i) {
      request.prepareWrite(offsetBytes(i), block);
      request.runOn(device);
    }
  }
}
