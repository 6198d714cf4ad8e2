package io.pcache.nbd;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A device in memory that completes everything on the submitting thread, and counts what it is
 * asked for.
 */
class RamDevice implements BlockDevice {
  final AtomicInteger flushes = new AtomicInteger();
  final AtomicInteger durableWrites = new AtomicInteger();
  final AtomicInteger prefetches = new AtomicInteger();
  private final MemorySegment memory;
  private final RangeState[] states;

  RamDevice(long sizeBytes) {
    memory = Arena.ofAuto().allocate(sizeBytes, 4096);
    states = new RangeState[(int) (sizeBytes / SECTOR_BYTES)];
    Arrays.fill(states, RangeState.MISSING);
  }

  MemorySegment memory() {
    return memory;
  }

  synchronized void setState(long offsetBytes, long lengthBytes, RangeState state) {
    int from = (int) (offsetBytes / SECTOR_BYTES);
    Arrays.fill(states, from, from + (int) (lengthBytes / SECTOR_BYTES), state);
  }

  @Override
  public long sizeBytes() {
    return memory.byteSize();
  }

  @Override
  public void submit(BlockRequest request) {
    request.begin();
    carryOut(request);
    request.release();
  }

  final void carryOut(BlockRequest request) {
    MemorySegment range = memory.asSlice(request.offsetBytes(), request.lengthBytes());
    if (request.forceUnitAccess()) {
      durableWrites.incrementAndGet();
    }
    switch (request.op()) {
      case READ -> request.buffer().put(0, range, 0, range.byteSize());
      case WRITE -> request.buffer().get(0, range, 0, range.byteSize());
      case WRITE_ZEROES -> range.fill((byte) 0);
      case FLUSH -> flushes.incrementAndGet();
      case PREFETCH -> prefetches.incrementAndGet();
    }
  }

  @Override
  public synchronized void visitRangeStates(
      long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
    long end = offsetBytes + lengthBytes;
    boolean more = true;
    for (long at = offsetBytes; at < end && more; at += SECTOR_BYTES) {
      more = visitor.visit(at, SECTOR_BYTES, states[(int) (at / SECTOR_BYTES)]);
    }
  }
}
