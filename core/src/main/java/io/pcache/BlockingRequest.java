package io.pcache;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A request that the calling thread waits for. Used once. */
final class BlockingRequest extends BlockRequest {
  private final CountDownLatch done = new CountDownLatch(1);
  private @Nullable PcacheException failure;

  /**
   * Submits it and waits for its end. An interrupt is kept for the caller and does not shorten the
   * wait.
   */
  void runOn(BlockDevice device) {
    device.execute(this);
    boolean interrupted = false;
    while (done.getCount() > 0) {
      try {
        done.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  protected void completed(@Nullable PcacheException cause) {
    failure = cause;
    done.countDown();
  }
}
