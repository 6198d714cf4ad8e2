package io.pcache.fuzz;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockOp;
import io.pcache.block.BlockRequest;
import io.pcache.block.RangeState;
import io.pcache.block.RangeStateVisitor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A device that reads as zeroes and forgets what is written. Thread-safety: any thread. */
final class ZeroDevice implements BlockDevice {
  private static final long SIZE_BYTES = 64L << 20;
  private static final MemorySegment ZEROES =
      Arena.global().allocate(SIZE_BYTES, Long.BYTES).asReadOnly();

  @Override
  public long sizeBytes() {
    return SIZE_BYTES;
  }

  @Override
  public void submit(BlockRequest request) {
    request.begin();
    Require.that(
        request.offsetBytes() >= 0
            && request.lengthBytes() >= 0
            && request.offsetBytes() <= SIZE_BYTES - request.lengthBytes()
            && (request.offsetBytes() | request.lengthBytes()) % SECTOR_BYTES == 0,
        "a front end checks ranges");
    if (request.op() == BlockOp.READ) {
      request.buffer().put(0, ZEROES, 0, request.lengthBytes());
    }
    request.release();
  }

  @Override
  public void visitRangeStates(long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
    boolean unused = visitor.visit(offsetBytes, lengthBytes, RangeState.MISSING);
  }
}
