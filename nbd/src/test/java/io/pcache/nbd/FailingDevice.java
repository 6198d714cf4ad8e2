package io.pcache.nbd;

import io.pcache.block.BlockRequest;
import io.pcache.block.RangeStateVisitor;
import io.pcache.error.PcacheException;

/** Fails everything with one error. */
final class FailingDevice extends RamDevice {
  private final PcacheException cause;

  FailingDevice(long sizeBytes, PcacheException cause) {
    super(sizeBytes);
    this.cause = cause;
  }

  @Override
  public void submit(BlockRequest request) {
    request.begin();
    request.fail(cause);
    request.release();
  }

  @Override
  public synchronized void visitRangeStates(
      long offsetBytes, long lengthBytes, RangeStateVisitor visitor) {
    throw cause;
  }
}
