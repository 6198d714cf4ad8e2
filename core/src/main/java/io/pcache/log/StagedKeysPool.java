package io.pcache.log;

import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Empty key buffers for reuse, in shared memory as far as that goes. Thread-safety: all methods
 * from any thread.
 */
public final class StagedKeysPool {
  private final SharedMemory memory;
  private final StagingRecord record;
  private final ArrayDeque<StagedKeys> idle = new ArrayDeque<>();
  private long sequence;
  private final AtomicInteger elsewhere = new AtomicInteger();

  /**
   * Creates a pool in memory of this process alone.
   *
   * @param capacity the most buffers that are kept; more are left to the collector
   */
  public StagedKeysPool(int capacity) {
    this(new ProcessMemory(StagingLayout.sizeBytes(capacity), "a pool of its own"));
  }

  /** Creates a pool of as many buffers as the memory has room for. Changes nothing there yet. */
  public StagedKeysPool(SharedMemory memory) {
    this.memory = memory;
    record = new StagingRecord(memory);
    for (int i = StagingLayout.slots(memory.bytes().byteSize()) - 1; i >= 0; i--) {
      idle.addLast(new StagedKeys(memory, i));
    }
  }

  /** Bytes of memory for so many buffers. */
  public static long sizeBytes(int buffers) {
    return StagingLayout.sizeBytes(buffers);
  }

  /** What the memory says of the keys in it. */
  public StagingRecord record() {
    return record;
  }

  /** Whether all keys are in the memory that the pool was given. */
  public boolean holdsAll() {
    return elsewhere.get() == 0;
  }

  synchronized StagedKeys take() {
    StagedKeys keys = idle.pollLast();
    if (keys == null) {
      keys = new StagedKeys();
      var _ = elsewhere.incrementAndGet();
    }
    keys.begin(++sequence);
    return keys;
  }

  /** Gives a buffer back; its keys are dropped. */
  public synchronized void give(StagedKeys keys) {
    keys.clear();
    if (keys.isIn(memory)) {
      idle.addLast(keys);
    } else {
      var _ = elsewhere.decrementAndGet();
    }
  }
}
