package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import io.pcache.error.ClosedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One thread of a model run: sends random requests to its own sectors and knows what each of them
 * may hold.
 *
 * <p>Thread-safety: used by one thread at a time.
 */
final class ModelWorker {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int PAGE_SECTORS = 8;
  private static final int PIECE_SECTORS = 2048;

  private final int index;
  private final Random random;
  private final SectorVersions model;
  private final AtomicInteger tickets;
  private final RequestSizes sizes;
  private final ModelTrace trace = new ModelTrace();
  private final UnflushedVersions unflushed = new UnflushedVersions();
  private final MemorySegment buffer =
      Arena.ofAuto().allocate(RequestSizes.MAX_SECTORS * SECTOR, Long.BYTES);

  /**
   * Creates a worker.
   *
   * @param index its number among the threads
   * @param tickets numbers all requests of the run; the number of a write is its version
   */
  ModelWorker(int index, Random random, SectorVersions model, AtomicInteger tickets) {
    this.index = index;
    this.random = random;
    this.model = model;
    this.tickets = tickets;
    this.sizes = new RequestSizes(random);
  }

  ModelTrace trace() {
    return trace;
  }

  /**
   * Sends requests until there were enough or the cache has been killed.
   *
   * @param hotSectors how much of the device gets half of the requests
   */
  void work(BlockDevice device, Stripes stripes, int operations, int hotSectors) {
    BlockingDevice blocking = new BlockingDevice(device);
    try {
      for (int i = 0; i < operations; i++) {
        int region = random.nextBoolean() ? hotSectors : stripes.sectors();
        int first = stripes.own(index, alignSometimes(random.nextInt(region)));
        int count = Math.min(sizes.nextSectors(), stripes.end(first) - first);
        sendOne(device, blocking, first, count);
      }
    } catch (ClosedException e) {
      trace.note(tickets.incrementAndGet(), "thread " + index + " found the cache closed");
    }
  }

  private int alignSometimes(int sector) {
    return random.nextBoolean() ? sector / PAGE_SECTORS * PAGE_SECTORS : sector;
  }

  private void sendOne(BlockDevice device, BlockingDevice blocking, int first, int count) {
    int choice = random.nextInt(1000);
    if (choice < 420) {
      read(blocking, first, count);
    } else if (choice < 880) {
      write(blocking, first, count);
    } else if (choice < 910) {
      writeDurably(blocking, first, count);
    } else if (choice < 950) {
      writeZeroes(blocking, first, count);
    } else if (choice < 955) {
      writeZeroesDurably(blocking, first, count);
    } else if (choice < 975) {
      blocking.prefetch((long) first * SECTOR, (long) count * SECTOR);
    } else if (choice < 985) {
      visit(device, first, count);
    } else {
      flush(blocking);
    }
  }

  private void read(BlockingDevice device, int first, int count) {
    trace.note(tickets.incrementAndGet(), "read", first, count, 0);
    MemorySegment destination = buffer.asSlice(0, (long) count * SECTOR);
    device.read((long) first * SECTOR, destination);
    model.check(destination, first);
  }

  private void write(BlockingDevice device, int first, int count) {
    int version = begin("write", first, count, 1);
    device.write((long) first * SECTOR, content(first, count, version));
    model.wrote(first, count, version);
  }

  private void writeDurably(BlockingDevice device, int first, int count) {
    int version = begin("FUA write", first, count, 1);
    device.writeDurably((long) first * SECTOR, content(first, count, version));
    model.wrote(first, count, version);
    model.becameDurable(first, count);
  }

  private void writeZeroes(BlockingDevice device, int first, int count) {
    int version = begin("zeroes", first, count, -1);
    device.writeZeroes((long) first * SECTOR, (long) count * SECTOR);
    model.wrote(first, count, version);
  }

  private void writeZeroesDurably(BlockingDevice device, int first, int count) {
    int version = begin("FUA zeroes", first, count, -1);
    device.writeZeroesDurably((long) first * SECTOR, (long) count * SECTOR);
    model.wrote(first, count, version);
    model.becameDurable(first, count);
  }

  private int begin(String what, int first, int count, int sign) {
    int ticket = tickets.incrementAndGet();
    int version = ticket * sign;
    trace.note(ticket, what, first, count, version);
    unflushed.add(version, first, count);
    return version;
  }

  private MemorySegment content(int first, int count, int version) {
    MemorySegment source = buffer.asSlice(0, (long) count * SECTOR);
    SectorContent.fill(source, first, version);
    return source;
  }

  private void visit(BlockDevice device, int first, int count) {
    long[] reached = {(long) first * SECTOR};
    device.visitRangeStates(
        reached[0],
        (long) count * SECTOR,
        (offset, length, state) -> {
          boolean follows = offset == reached[0] && length > 0 && length % SECTOR == 0;
          reached[0] = follows ? offset + length : Long.MIN_VALUE;
          return follows;
        });
    if (reached[0] != (long) (first + count) * SECTOR) {
      throw new ModelMismatch(
          first, SectorContent.FOREIGN, "range states without gap over " + count + " sectors");
    }
  }

  private void flush(BlockingDevice device) {
    trace.note(tickets.incrementAndGet(), "thread " + index + " flushes");
    device.flush();
    settle();
  }

  /** Everything this worker has written is durable. */
  void settle() {
    BitSet touched = unflushed.sectors();
    for (int from = touched.nextSetBit(0);
        from >= 0;
        from = touched.nextSetBit(touched.nextClearBit(from))) {
      model.becameDurable(from, touched.nextClearBit(from) - from);
    }
    unflushed.clear();
  }

  /**
   * After a crash: every sector written since the last flush has to hold one of the versions it
   * could, and keeps it.
   */
  void checkRecovered(BlockDevice device) {
    BlockingDevice blocking = new BlockingDevice(device);
    BitSet touched = unflushed.sectors();
    int from = touched.nextSetBit(0);
    while (from >= 0) {
      int to = Math.min(touched.nextClearBit(from), from + PIECE_SECTORS);
      checkRecovered(blocking, from, to - from);
      from = touched.nextSetBit(to);
    }
    unflushed.clear();
  }

  private void checkRecovered(BlockingDevice device, int first, int count) {
    MemorySegment destination = buffer.asSlice(0, (long) count * SECTOR);
    device.read((long) first * SECTOR, destination);
    for (int i = 0; i < count; i++) {
      int sector = first + i;
      int found = SectorContent.idAt(destination, (long) i * SECTOR, sector);
      int durable = model.durable(sector);
      int unflushedVersion = unflushed.find(sector, found, durable);
      if (unflushedVersion != UnflushedVersions.NONE) {
        model.recovered(sector, unflushedVersion);
      } else if (found == SectorVersions.contentId(durable)) {
        model.recovered(sector, durable);
      } else {
        throw new ModelMismatch(
            sector, found, "after a crash version " + durable + " or one not flushed since");
      }
    }
  }
}
