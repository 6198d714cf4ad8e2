package io.pcache.block;

import io.pcache.error.PcacheException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request that a thread waits for. It can be prepared again after each wait, and waiting leaves
 * no garbage.
 *
 * <p>Thread-safety: one thread prepares it, submits it and waits for it.
 */
public final class AwaitedRequest extends BlockRequest {
  private final Semaphore completions = new Semaphore(0);

  /** Published by {@link #completions}. */
  private @Nullable PcacheException failure;

  /** Carries out the prepared request, and waits for it like {@link #await()}. */
  public void runOn(BlockDevice device) {
    device.execute(this);
    await();
  }

  /**
   * Waits until this submitted request is complete. An interrupt does not shorten the wait. The
   * thread's interrupt status is kept for the caller.
   *
   * @throws PcacheException the failure of the request
   */
  public void await() {
    completions.acquireUninterruptibly();
    throwFailure();
  }

  /**
   * Waits at most {@code limit} for this submitted request. If the method returns false, the
   * request is still in flight. The caller then continues to wait, or abandons the request and its
   * buffer.
   *
   * @return whether the request is complete
   * @throws PcacheException the failure of the request
   * @throws InterruptedException if the thread is interrupted; the request is still in flight
   */
  public boolean await(Duration limit) throws InterruptedException {
    if (!completions.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    throwFailure();
    return true;
  }

  private void throwFailure() {
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
