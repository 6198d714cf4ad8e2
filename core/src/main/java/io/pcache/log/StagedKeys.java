package io.pcache.log;

import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import java.lang.foreign.MemorySegment;

/**
 * Up to 128 keys in their on-media form that wait in memory for the log. The keys are in memory of
 * the process, and the log takes them from there. The shared memory holds a copy for the next
 * process, which may be lost. A killed process leaves each key there either whole or not at all.
 * Not thread-safe.
 */
public final class StagedKeys {
  /** The size of the keys of one buffer in bytes. */
  static final int SIZE_BYTES = KeySetRecord.MAX_KEYS * KeyRecord.SIZE_BYTES;

  /** A buffer without capacity, used until the first real buffer is needed. */
  static final StagedKeys NONE =
      new StagedKeys(
          new ProcessMemory(StagingLayout.KEYS_OFFSET, "no keys"),
          0,
          MemorySegment.ofArray(new long[0]),
          0,
          0);

  private final SharedMemory memory;
  private final long slotOffset;
  private final MemorySegment keys;
  private final long keysOffset;
  private final int capacity;
  private int count;
  private long sequence;

  /** Creates an empty buffer in process memory. */
  public StagedKeys() {
    this(
        new ProcessMemory(StagingLayout.KEYS_OFFSET + SIZE_BYTES, "a single buffer"),
        0,
        MemorySegment.ofArray(new long[SIZE_BYTES / Long.BYTES]),
        0,
        KeySetRecord.MAX_KEYS);
  }

  /**
   * Creates an empty buffer in a slot of the shared memory.
   *
   * @param keys the keys of all slots, in memory of the process
   */
  StagedKeys(SharedMemory memory, int slot, MemorySegment keys) {
    this(
        memory,
        StagingLayout.slotOffset(slot),
        keys,
        (long) slot * SIZE_BYTES,
        KeySetRecord.MAX_KEYS);
  }

  private StagedKeys(
      SharedMemory memory, long slotOffset, MemorySegment keys, long keysOffset, int capacity) {
    this.memory = memory;
    this.slotOffset = slotOffset;
    this.keys = keys;
    this.keysOffset = keysOffset;
    this.capacity = capacity;
  }

  /** Returns the number of keys. */
  public int count() {
    return count;
  }

  /** Returns the keys, one behind the other. */
  public MemorySegment bytes() {
    return keys.asSlice(keysOffset, (long) count * KeyRecord.SIZE_BYTES);
  }

  /** Copies keys {@code from} and the ones behind it, as many as are wanted. */
  void copyTo(MemorySegment target, long targetOffset, int from, int wanted) {
    MemorySegment.copy(
        keys,
        keysOffset + (long) from * KeyRecord.SIZE_BYTES,
        target,
        targetOffset,
        (long) wanted * KeyRecord.SIZE_BYTES);
  }

  boolean isIn(SharedMemory whose) {
    return memory == whose;
  }

  boolean isFull() {
    return count == capacity;
  }

  /** Appends a key. A failure of the shared memory shows only after the key is in the process. */
  void append(Key key) {
    long at = (long) count * KeyRecord.SIZE_BYTES;
    key.store(keys, keysOffset + at);
    count++;
    // From the key again. A copy of what was just stored would wait until the stores before it,
    // those of the data too, have left the processor.
    memory.store(slotOffset + StagingLayout.KEYS_OFFSET + at, key);
    memory.store(
        slotOffset + StagingLayout.KEYS_OFFSET + at + KeyRecord.DATA_CRC_OFFSET,
        Integer.toUnsignedLong(key.dataCrc())
            | ((long) StagedKeyCheck.of(key, sequence) << Integer.SIZE));
    // Last: what a killed process leaves is counted only where it is whole.
    memory.store(slotOffset + StagingLayout.COUNT_OFFSET, count);
  }

  /** A filter for keys. */
  @FunctionalInterface
  public interface Choice {
    /** Returns whether the filter accepts the key at an offset. */
    boolean takes(MemorySegment keys, long at);
  }

  /** Copies the chosen keys, in the same order, into process memory. */
  public StagedKeys thoseWhere(Choice choice) {
    StagedKeys chosen = new StagedKeys();
    Key key = new Key();
    for (int i = 0; i < count; i++) {
      long at = keysOffset + (long) i * KeyRecord.SIZE_BYTES;
      if (choice.takes(keys, at)) {
        chosen.append(key.load(keys, at));
      }
    }
    return chosen;
  }

  /**
   * Starts a new use of this buffer. Among the buffers of one stripe, a higher sequence number
   * means newer keys.
   */
  void begin(long newSequence) {
    sequence = newSequence;
    memory.store(slotOffset + StagingLayout.SEQUENCE_OFFSET, sequence);
  }

  void join(long batch) {
    memory.store(slotOffset + StagingLayout.BATCH_OFFSET, batch);
  }

  void clear() {
    count = 0;
    memory.store(slotOffset + StagingLayout.COUNT_OFFSET, 0);
    memory.store(slotOffset + StagingLayout.BATCH_OFFSET, 0);
  }
}
