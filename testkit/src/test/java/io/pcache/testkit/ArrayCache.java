package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import io.pcache.error.ClosedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Random;

/**
 * The simplest cache that keeps the promises: two arrays, what is there and what is durable. It can
 * break them on request.
 */
final class ArrayCache implements CacheUnderTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final int FAULT_ONE_IN = 500;

  private final MemorySegment newest;
  private final MemorySegment durable;
  private final BitSet unflushed = new BitSet();
  private final Random random;
  private final Fault fault;
  private int requests;
  private ArrayDevice device = new ArrayDevice();

  /** A broken promise. */
  enum Fault {
    NONE,
    LOSES_A_WRITE,
    WRITES_A_SECTOR_LESS,
    WRITES_TO_ANOTHER_PLACE,
    IGNORES_FUA,
    IGNORES_FLUSH,
    LOSES_ALL_ON_REOPEN,
    RECOVERS_TORN_SECTORS,
    RECOVERS_ZEROES,
    SKIPS_RANGE_STATES
  }

  ArrayCache(long sizeBytes, Random random, Fault fault) {
    this.newest = Arena.ofAuto().allocate(sizeBytes, Long.BYTES);
    this.durable = Arena.ofAuto().allocate(sizeBytes, Long.BYTES);
    this.random = random;
    this.fault = fault;
  }

  @Override
  public BlockDevice device() {
    return device;
  }

  @Override
  public synchronized void reopen() {
    if (fault == Fault.LOSES_ALL_ON_REOPEN) {
      newest.copyFrom(durable);
    }
    flush();
    device.open = false;
    device = new ArrayDevice();
  }

  @Override
  public synchronized void kill() {
    device.open = false;
  }

  @Override
  public synchronized void recover() {
    for (int sector = unflushed.nextSetBit(0);
        sector >= 0;
        sector = unflushed.nextSetBit(sector + 1)) {
      recover((long) sector * SECTOR);
    }
    unflushed.clear();
    newest.copyFrom(durable);
    device = new ArrayDevice();
  }

  private void recover(long at) {
    if (fault == Fault.RECOVERS_ZEROES) {
      durable.asSlice(at, SECTOR).fill((byte) 0);
    } else if (random.nextBoolean()) {
      int kept = fault == Fault.RECOVERS_TORN_SECTORS ? SECTOR / 2 : SECTOR;
      MemorySegment.copy(newest, at, durable, at, kept);
    }
  }

  private void flush() {
    for (int sector = unflushed.nextSetBit(0);
        sector >= 0;
        sector = unflushed.nextSetBit(sector + 1)) {
      MemorySegment.copy(newest, (long) sector * SECTOR, durable, (long) sector * SECTOR, SECTOR);
    }
    unflushed.clear();
  }

  @Override
  public void setGcPercent(int gcPercent) {}

  @Override
  public void close() {}

  private synchronized void carryOut(BlockRequest request) {
    requests++;
    switch (request.op()) {
      case READ -> request.buffer().put(0, newest, request.offsetBytes(), request.lengthBytes());
      case WRITE, WRITE_ZEROES -> write(request);
      case FLUSH -> {
        if (fault != Fault.IGNORES_FLUSH) {
          flush();
        }
      }
      case PREFETCH -> {}
    }
  }

  private void write(BlockRequest request) {
    boolean faulty = requests % FAULT_ONE_IN == 0;
    long offset = request.offsetBytes();
    long length = request.lengthBytes();
    if (faulty && fault == Fault.LOSES_A_WRITE) {
      return;
    }
    if (faulty && fault == Fault.WRITES_A_SECTOR_LESS) {
      length -= SECTOR;
    }
    if (faulty && fault == Fault.WRITES_TO_ANOTHER_PLACE) {
      offset = Math.max(0, offset - SECTOR);
    }
    MemorySegment target = newest.asSlice(offset, length);
    if (request.buffer().pieces() > 0) {
      request.buffer().get(0, target, 0, length);
    } else {
      target.fill((byte) 0);
    }
    unflushed.set((int) (offset / SECTOR), (int) ((offset + length) / SECTOR));
    if (request.forceUnitAccess() && fault != Fault.IGNORES_FUA) {
      // nothing but its own range: FUA promises no more
      MemorySegment.copy(newest, offset, durable, offset, length);
      unflushed.clear((int) (offset / SECTOR), (int) ((offset + length) / SECTOR));
    }
  }

  private final class ArrayDevice implements BlockDevice {
    private volatile boolean open = true;

    @Override
    public long sizeBytes() {
      return newest.byteSize();
    }

    @Override
    public void submit(BlockRequest request) {
      request.begin();
      if (open) {
        carryOut(request);
      } else {
        request.fail(new ClosedException("the device is closed"));
      }
      request.release();
    }

    @Override
    public void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
      long first = fault == Fault.SKIPS_RANGE_STATES ? SECTOR : lengthBytes / SECTOR / 2 * SECTOR;
      boolean goOn = first == 0 || visitor.visit(offsetBytes, first, RangeState.CLEAN);
      if (goOn && fault != Fault.SKIPS_RANGE_STATES) {
        goOn = visitor.visit(offsetBytes + first, lengthBytes - first, RangeState.MISSING);
      }
    }
  }
}
