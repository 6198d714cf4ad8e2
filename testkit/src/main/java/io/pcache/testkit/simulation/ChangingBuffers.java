package io.pcache.testkit.simulation;

import io.pcache.block.BlockDevice;
import io.pcache.testkit.SectorContent;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Buffers of requests in flight whose owners do not leave them alone, as a virtual machine may: one
 * that many reads share, and those of writes that become another version sector by sector.
 *
 * <p>Thread-safety: none.
 */
final class ChangingBuffers {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;

  /** A write whose sectors are of one of two versions, whenever they are looked at. */
  record Write(MemorySegment source, int first, int count, int one, int other) {}

  private final RandomGenerator random;
  private final MemorySegment shared = SimulatedEngine.buffer(ContentMap.SECTORS);
  private final List<Write> writes = new ArrayList<>();

  ChangingBuffers(RandomGenerator random) {
    this.random = random;
  }

  /** A place for a read whose bytes nobody looks at. */
  MemorySegment shared(int sectors) {
    return shared.asSlice(0, (long) sectors * SECTOR);
  }

  /** A write of either of two versions is about to be submitted. */
  Write begin(int first, int count, int one, int other) {
    MemorySegment source = SimulatedEngine.buffer(count);
    SectorContent.fill(source, ContentMap.deviceSector(first), one);
    Write write = new Write(source, first, count, one, other);
    writes.add(write);
    return write;
  }

  /** A write is complete, and its buffer its owner's again. */
  void end(Write write) {
    writes.remove(write);
  }

  /** Changes one sector of one write, and some of what reads share. */
  void change() {
    if (!writes.isEmpty()) {
      Write write = writes.get(random.nextInt(writes.size()));
      int i = random.nextInt(write.count);
      int version = random.nextBoolean() ? write.one : write.other;
      SectorContent.fill(
          write.source.asSlice((long) i * SECTOR, SECTOR),
          ContentMap.deviceSector(write.first + i),
          version);
    }
    int from = random.nextInt(ContentMap.SECTORS);
    SectorContent.fill(shared.asSlice((long) from * SECTOR, SECTOR), from, Integer.MAX_VALUE);
  }
}
