package io.pcache.media;

import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.error.PcacheException;
import io.pcache.nativeio.FullFileSystemException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
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

  /** How long after a sync another one is likely, and waited for by who is in no hurry. */
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final DeviceSync device;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition finished = lock.newCondition();
  private long startedSyncs;
  private long finishedSyncs;
  private boolean running;
  private long lastNanos;
  private @Nullable PcacheException failure;

  SharedSync(DeviceSync device) {
    this.device = device;
    this.lastNanos = System.nanoTime() - PATIENCE_NANOS;
  }

  /**
   * Returns when everything written before this call is durable, or throws what the device said.
   */
  void run() {
    lock.lock();
    try {
      awaitSync(0);
      lastNanos = System.nanoTime();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a sync has failed. */
  boolean hasFailed() {
    lock.lock();
    try {
      return failure != null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The same for a caller in no hurry: where a sync that somebody waited for ended within the last
   * millisecond, the next such one is waited for until that millisecond is over.
   */
  void runWithOthers() {
    lock.lock();
    try {
      awaitSync(PATIENCE_NANOS);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Called and left with the lock held.
   *
   * @param patienceNanos how long after the last sync another one is waited for; an interrupt ends
   *     that time and is kept for the caller
   */
  private void awaitSync(long patienceNanos) {
    long needed = startedSyncs + 1;
    boolean interrupted = false;
    while (finishedSyncs < needed && failure == null) {
      boolean patient = patienceNanos > 0 && !interrupted;
      long leftNanos = patient ? lastNanos + patienceNanos - System.nanoTime() : 0;
      try {
        if (running) {
          finished.awaitUninterruptibly();
        } else if (leftNanos > 0) {
          var _ = finished.awaitNanos(leftNanos);
        } else {
          lead();
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    throwIfFailed();
  }

  private void throwIfFailed() {
    if (failure != null) {
      throw failed(String.valueOf(failure.getMessage()), failure);
    }
  }

  private static PcacheException failed(String message, Throwable cause) {
    boolean isFull = cause instanceof FullFileSystemException || cause instanceof NoSpaceException;
    return isFull
        ? new NoSpaceException(message, cause)
        : new MediaFailureException(message, cause);
  }

  /** Runs one sync outside the lock; called and left with the lock held. */
  private void lead() {
    running = true;
    long mine = ++startedSyncs;
    lock.unlock();
    PcacheException result = null;
    try {
      device.sync();
    } catch (IOException | RuntimeException | Error e) {
      // Whatever ended it, nobody may take this sync for a success.
      result =
          failed(
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
