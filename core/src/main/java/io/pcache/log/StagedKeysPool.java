package io.pcache.log;

import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A pool of empty key buffers, in shared memory as far as its room goes.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class StagedKeysPool {
  private static final long LINE_BYTES = 64;

  private final SharedMemory memory;
  private final StagingRecord record;
  private final ArrayDeque<StagedKeys> idle = new ArrayDeque<>();
  private long sequence;
  private final AtomicInteger elsewhere = new AtomicInteger();

  /**
   * Creates a pool in process memory.
   *
   * @param capacity the number of buffers that are kept; further ones are left to the garbage
   *     collector
   */
  public StagedKeysPool(int capacity) {
    this(new ProcessMemory(StagingLayout.sizeBytes(capacity), "a pool of its own"));
  }

  /**
   * Creates a pool of as many buffers as the memory has room for. It does not change the memory
   * yet.
   */
  public StagedKeysPool(SharedMemory memory) {
    this.memory = memory;
    record = new StagingRecord(memory);
    int slots = StagingLayout.slots(memory.bytes().byteSize());
    // One piece of memory for all: a write touches no other line of it than those of its key.
    MemorySegment keys = Arena.ofAuto().allocate((long) slots * StagedKeys.SIZE_BYTES, LINE_BYTES);
    for (int i = slots - 1; i >= 0; i--) {
      idle.addLast(new StagedKeys(memory, i, keys));
    }
  }

  /** Returns the bytes of memory that a number of buffers take. */
  public static long sizeBytes(int buffers) {
    return StagingLayout.sizeBytes(buffers);
  }

  /** Returns the record that describes the keys in the memory. */
  public StagingRecord record() {
    return record;
  }

  /** Returns whether all keys are in the memory that was passed to the constructor. */
  public boolean holdsAll() {
    return elsewhere.get() == 0;
  }

  /** Returns whether the memory that was passed to the constructor has failed. */
  public boolean memoryHasFailed() {
    return memory.hasFailed();
  }

  /** Returns where the memory is, and what is wrong with it. */
  public String describeMemory() {
    return memory.describe();
  }

  synchronized StagedKeys take() {
    StagedKeys keys = idle.pollLast();
    if (keys == null) {
      keys = new StagedKeys();
      var _ = elsewhere.incrementAndGet();
    }
    keys.begin(++sequence);
    memory.settle();
    return keys;
  }

  /** Returns a buffer to the pool and drops its keys. */
  public synchronized void give(StagedKeys keys) {
    keys.clear();
    memory.settle();
    if (keys.isIn(memory)) {
      idle.addLast(keys);
    } else {
      var _ = elsewhere.decrementAndGet();
    }
  }
}
