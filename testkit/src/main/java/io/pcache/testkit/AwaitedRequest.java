package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A request whose submitter waits for it. */
final class AwaitedRequest extends BlockRequest {
  private static final long HANG_SECONDS = 240;

  private final Semaphore done = new Semaphore(0);
  private volatile @Nullable PcacheException cause;

  /** Submits this prepared request and waits for it; throws what it failed with. */
  void carryOut(BlockDevice device) {
    device.submit(this);
    await();
    PcacheException failure = cause;
    if (failure != null) {
      throw failure;
    }
  }

  private void await() {
    try {
      if (!done.tryAcquire(HANG_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError(
            "%s of %d bytes at %d has not completed in %d s"
                .formatted(op(), lengthBytes(), offsetBytes(), HANG_SECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting for " + op(), e);
    }
  }

  @Override
  protected void completed(@Nullable PcacheException failure) {
    cause = failure;
    done.release();
  }
}
