package io.pcache.media;

import io.pcache.error.MediaFailureException;
import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One device sync for all who wait: a caller is served by any sync that starts after it came. A
 * failed sync is remembered for good, because the system forgets the pages that it could not write
 * and would report success next time.
 *
 * <p>Thread-safety: {@link #run} from any thread.
 */
final class SharedSync {
  /** The call that syncs the device. */
  @FunctionalInterface
  interface DeviceSync {
    void sync() throws IOException;
  }

  private final DeviceSync device;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition finished = lock.newCondition();
  private long startedSyncs;
  private long finishedSyncs;
  private boolean running;
  private @Nullable MediaFailureException failure;

  SharedSync(DeviceSync device) {
    this.device = device;
  }

  /**
   * Returns when everything written before this call is durable, or throws what the device said.
   */
  void run() {
    lock.lock();
    try {
      long needed = startedSyncs + 1;
      while (finishedSyncs < needed) {
        throwIfFailed();
        if (running) {
          finished.awaitUninterruptibly();
        } else {
          lead();
        }
      }
      throwIfFailed();
    } finally {
      lock.unlock();
    }
  }

  private void throwIfFailed() {
    if (failure != null) {
      throw new MediaFailureException(String.valueOf(failure.getMessage()), failure);
    }
  }

  /** Runs one sync outside the lock; called and left with the lock held. */
  private void lead() {
    running = true;
    long mine = ++startedSyncs;
    lock.unlock();
    MediaFailureException result = null;
    try {
      device.sync();
    } catch (IOException | RuntimeException | Error e) {
      // Whatever ended it, nobody may take this sync for a success.
      result =
          new MediaFailureException(
              e.getMessage()
                  + "; what was not synced may be lost, so nothing more is acknowledged: check the device and restart",
              e);
    } finally {
      lock.lock();
      running = false;
      finishedSyncs = mine;
      if (result != null) {
        failure = result;
      }
      finished.signalAll();
    }
  }
}
