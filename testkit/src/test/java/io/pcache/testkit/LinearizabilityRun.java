package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Threads that read and write the same sectors at the same time, and a check that every sector
 * behaved as one register: see {@link RegisterHistory}. Requests cover several sectors; each sector
 * is judged by itself, since that is what the device promises.
 *
 * <p>It goes in rounds. Each round has a few narrow windows of the device, at other places than the
 * round before, most of them across a boundary of two subtrees, in which all threads meet. A few
 * large writes elsewhere keep the cache short of room. At the end of a round every sector it
 * touched is read, judged, and so known for the next.
 *
 * <p>The device reads as zeroes at the beginning.
 */
final class LinearizabilityRun {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int SUBTREE_SECTORS = (4 << 20) / SECTOR;
  private static final int WINDOWS = 4;
  private static final int WINDOW_SECTORS = 32;
  private static final int MAX_SECTORS = 12;
  private static final int LARGE_SECTORS = 1024;
  private static final int REQUESTS_PER_ROUND = 250;

  private final BlockDevice device;
  private final int threads;
  private final int rounds;
  private final Consumer<Random> beforeRound;
  private final Random random;
  private final int[] settled;
  private final AtomicLong tickets = new AtomicLong();
  private final AtomicInteger versions = new AtomicInteger();
  private final List<Worker> workers = new ArrayList<>();
  private long overlaps;

  /**
   * Prepares a run of that many threads and rounds.
   *
   * @param beforeRound changes the device's settings, when nothing is in flight
   */
  LinearizabilityRun(
      BlockDevice device, int threads, int rounds, Consumer<Random> beforeRound, Seed seed) {
    this.device = device;
    this.threads = threads;
    this.rounds = rounds;
    this.beforeRound = beforeRound;
    this.random = seed.random();
    this.settled = new int[(int) (device.sizeBytes() / SECTOR)];
    for (int i = 0; i < threads; i++) {
      workers.add(new Worker(seed.random(i)));
    }
  }

  /**
   * Carries it out.
   *
   * @throws AssertionError with the history of a sector that was no register
   */
  void run() throws InterruptedException {
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (int round = 0; round < rounds; round++) {
        beforeRound.accept(random);
        playRound(executor);
        judgeRound(round);
      }
    }
  }

  /** How many pairs of a read and a write of a sector overlapped in all rounds. */
  long overlaps() {
    return overlaps;
  }

  private void playRound(ExecutorService executor) throws InterruptedException {
    int[] windows = new int[WINDOWS];
    for (int i = 0; i < WINDOWS; i++) {
      windows[i] = nextWindow();
    }
    List<Future<?>> running = new ArrayList<>();
    for (Worker worker : workers) {
      running.add(executor.submit(() -> worker.work(windows)));
    }
    for (Future<?> one : running) {
      try {
        one.get();
      } catch (ExecutionException e) {
        throw new AssertionError("a thread failed", e.getCause());
      }
    }
  }

  private int nextWindow() {
    if (random.nextInt(4) == 0) {
      return random.nextInt(settled.length - WINDOW_SECTORS);
    }
    int boundary = 1 + random.nextInt(settled.length / SUBTREE_SECTORS - 1);
    return boundary * SUBTREE_SECTORS - WINDOW_SECTORS / 2;
  }

  private void judgeRound(int round) {
    Map<Integer, RegisterHistory> histories = new HashMap<>();
    for (Worker worker : workers) {
      worker.moveTo(histories);
    }
    readAtTheEnd(histories);
    histories.forEach((sector, history) -> {
      Optional<String> violation = history.violation();
      if (violation.isPresent()) {
        throw new AssertionError(
            "round %d, sector %d is no register: %s".formatted(round, sector, violation.get()));
      }
      overlaps += history.overlaps();
    });
  }

  /** What a sector holds when all is quiet is part of its history, and where the next begins. */
  private void readAtTheEnd(Map<Integer, RegisterHistory> histories) {
    BlockingDevice blocking = new BlockingDevice(device);
    MemorySegment sectors = Arena.ofAuto().allocate((long) LARGE_SECTORS * SECTOR, Long.BYTES);
    List<Integer> touched = histories.keySet().stream().sorted().toList();
    for (int i = 0; i < touched.size(); ) {
      int first = touched.get(i);
      int count = 1;
      while (i + count < touched.size()
          && count < LARGE_SECTORS
          && touched.get(i + count) == first + count) {
        count++;
      }
      Request read = readInto(blocking, sectors, first, count);
      read.moveTo(histories, settled);
      System.arraycopy(read.values, 0, settled, first, count);
      i += count;
    }
  }

  private Request readInto(BlockingDevice blocking, MemorySegment buffer, int first, int count) {
    MemorySegment destination = buffer.asSlice(0, (long) count * SECTOR);
    long began = tickets.getAndIncrement();
    blocking.read((long) first * SECTOR, destination);
    long ended = tickets.getAndIncrement();
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = SectorContent.idAt(destination, (long) i * SECTOR, first + i);
    }
    return new Request(RegisterOp.Kind.READ, first, values, began, ended);
  }

  /** A request of one or more sectors, with the value of each. */
  private record Request(
      RegisterOp.Kind kind, int firstSector, int[] values, long began, long ended) {
    void moveTo(Map<Integer, RegisterHistory> histories, int[] settled) {
      for (int i = 0; i < values.length; i++) {
        int sector = firstSector + i;
        histories
            .computeIfAbsent(sector, s -> new RegisterHistory(settled[s]))
            .add(new RegisterOp(kind, values[i], began, ended));
      }
    }
  }

  /** A write, or one that completes when it is durable. */
  @FunctionalInterface
  private interface WriteKind {
    void carryOut(long offsetBytes, MemorySegment source);
  }

  /** One thread's part. */
  private final class Worker {
    private final Random random;
    private final BlockingDevice blocking = new BlockingDevice(device);
    private final MemorySegment buffer =
        Arena.ofAuto().allocate((long) LARGE_SECTORS * SECTOR, Long.BYTES);
    private final List<Request> requests = new ArrayList<>();

    Worker(Random random) {
      this.random = random;
    }

    void work(int[] windows) {
      for (int i = 0; i < REQUESTS_PER_ROUND; i++) {
        int count = 1 + random.nextInt(MAX_SECTORS);
        int inWindow = random.nextInt(WINDOW_SECTORS - count + 1);
        sendOne(windows[random.nextInt(windows.length)] + inWindow, count);
      }
    }

    private void sendOne(int first, int count) {
      int choice = random.nextInt(1000);
      if (choice < 520) {
        requests.add(readInto(blocking, buffer, first, count));
      } else if (choice < 940) {
        write(first, count, blocking::write);
      } else if (choice < 945) {
        write(first, count, blocking::writeDurably);
      } else if (choice < 955) {
        blocking.prefetch((long) first * SECTOR, (long) count * SECTOR);
      } else if (choice < 975) {
        blocking.flush();
      } else if (choice < 985) {
        int large = 1 + random.nextInt(LARGE_SECTORS);
        int at = Math.clamp(first - large / 2L, 0, settled.length - large);
        requests.add(readInto(blocking, buffer, at, large));
      } else {
        int large = 1 + random.nextInt(LARGE_SECTORS);
        write(random.nextInt(settled.length - large), large, blocking::write);
      }
    }

    private void write(int first, int count, WriteKind kind) {
      int version = versions.incrementAndGet();
      MemorySegment source = buffer.asSlice(0, (long) count * SECTOR);
      SectorContent.fill(source, first, version);
      long began = tickets.getAndIncrement();
      kind.carryOut((long) first * SECTOR, source);
      int[] values = new int[count];
      Arrays.fill(values, version);
      requests.add(
          new Request(RegisterOp.Kind.WRITE, first, values, began, tickets.getAndIncrement()));
    }

    void moveTo(Map<Integer, RegisterHistory> histories) {
      requests.forEach(request -> request.moveTo(histories, settled));
      requests.clear();
    }
  }
}
