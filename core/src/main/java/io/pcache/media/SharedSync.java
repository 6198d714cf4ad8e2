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
 * Shares device syncs among callers: a sync that starts after a caller arrived serves that caller.
 * A failed sync is remembered for good. The system forgets pages that it could not write, and would
 * report success next time.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class SharedSync {
  /** The call that syncs the device. */
  @FunctionalInterface
  interface DeviceSync {
    void sync() throws IOException;
  }

  /**
   * How long another sync is likely after a sync. A caller that can wait waits that long for it.
   */
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

  /** Returns when everything written before this call is durable, or throws the device's error. */
  void run() {
    lock.lock();
    try {
      awaitSync(0);
      lastNanos = System.nanoTime();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether a sync has failed. */
  boolean hasFailed() {
    lock.lock();
    try {
      return failure != null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Like {@link #run}, for a caller that can wait. It waits for the next sync of {@link #run} until
   * a millisecond after the last one has ended. Then it syncs itself.
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
   * Waits for a sync. The lock is held at entry and exit.
   *
   * @param patienceNanos how long after the last sync to wait for another; an interrupt ends the
   *     wait and is kept for the caller
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

  /** Runs one sync outside the lock. The lock is held at entry and exit. */
  private void lead() {
    running = true;
    long mine = ++startedSyncs;
    lock.unlock();
    PcacheException result = null;
    try {
      device.sync();
    } catch (IOException | RuntimeException | Error e) {
      // After any failure no caller may take this sync for a success.
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
