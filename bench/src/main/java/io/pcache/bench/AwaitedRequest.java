package io.pcache.bench;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A request that its thread waits for, used again and again, so that it leaves no garbage. */
final class AwaitedRequest extends BlockRequest {
  private final Semaphore completions = new Semaphore(0);
  private @Nullable PcacheException failure;

  /** Carries out what was prepared. */
  void runOn(BlockDevice device) {
    device.execute(this);
    completions.acquireUninterruptibly();
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  protected void completed(@Nullable PcacheException cause) {
    failure = cause;
    completions.release();
  }
}
