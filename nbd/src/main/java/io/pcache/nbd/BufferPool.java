package io.pcache.nbd;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Payload buffers of all connections, in sizes that are powers of two. Keeps idle buffers up to a
 * bound and frees the rest. How much may be in use is not decided here but by {@link Admission}.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class BufferPool implements AutoCloseable {
  private static final int SMALLEST_SHIFT = 12;
  private static final int LARGEST_SHIFT = 25;

  private final ReentrantLock lock = new ReentrantLock();
  private final @Nullable PooledBuffer[] idle =
      new @Nullable PooledBuffer[LARGEST_SHIFT - SMALLEST_SHIFT + 1];
  private final long maxIdleBytes;

  /** Not under the lock: whoever only looks shall not wait for it. */
  private final AtomicLong usedBytes = new AtomicLong();

  private long idleBytes;
  private boolean closed;

  BufferPool(long maxIdleBytes) {
    this.maxIdleBytes = maxIdleBytes;
  }

  /** What a buffer for that payload takes, in bytes. */
  static int footprintBytes(int payloadBytes) {
    return 1 << shiftFor(payloadBytes);
  }

  private static int shiftFor(int payloadBytes) {
    return Math.max(SMALLEST_SHIFT, Integer.SIZE - Integer.numberOfLeadingZeros(payloadBytes - 1));
  }

  /** A buffer with at least that many bytes, 1 to 32 Mi. Its content is undefined. */
  PooledBuffer take(int payloadBytes) {
    int shift = shiftFor(payloadBytes);
    PooledBuffer buffer = takeIdle(shift);
    return buffer == null ? allocate(shift) : buffer;
  }

  private @Nullable PooledBuffer takeIdle(int shift) {
    count(1L << shift);
    lock.lock();
    try {
      PooledBuffer buffer = idle[shift - SMALLEST_SHIFT];
      if (buffer != null) {
        idle[shift - SMALLEST_SHIFT] = buffer.next;
        buffer.next = null;
        idleBytes -= 1L << shift;
      }
      return buffer;
    } finally {
      lock.unlock();
    }
  }

  private PooledBuffer allocate(int shift) {
    boolean allocated = false;
    try {
      PooledBuffer buffer = new PooledBuffer(1 << shift);
      allocated = true;
      return buffer;
    } finally {
      if (!allocated) {
        count(-(1L << shift));
      }
    }
  }

  private void count(long bytes) {
    long unused = usedBytes.addAndGet(bytes);
  }

  /** Takes a buffer back. */
  void give(PooledBuffer buffer) {
    if (!keep(buffer)) {
      buffer.free();
    }
  }

  private boolean keep(PooledBuffer buffer) {
    int size = buffer.sizeBytes();
    int slot = shiftFor(size) - SMALLEST_SHIFT;
    count(-size);
    lock.lock();
    try {
      if (closed || idleBytes + size > maxIdleBytes) {
        return false;
      }
      idleBytes += size;
      buffer.next = idle[slot];
      idle[slot] = buffer;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes in buffers that were taken and not given back. Waits for nobody. */
  long usedBytes() {
    return usedBytes.get();
  }

  /** Frees what is idle. Buffers still in use are freed when they come back. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      idleBytes = 0;
      for (int slot = 0; slot < idle.length; slot++) {
        freeChain(idle[slot]);
        idle[slot] = null;
      }
    } finally {
      lock.unlock();
    }
  }

  private static void freeChain(@Nullable PooledBuffer first) {
    for (PooledBuffer buffer = first; buffer != null; buffer = buffer.next) {
      buffer.free();
    }
  }
}
