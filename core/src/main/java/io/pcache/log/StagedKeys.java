package io.pcache.log;

import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import java.lang.foreign.MemorySegment;

/**
 * Up to 128 keys in their on-media form that wait in memory for the log. The keys are in the heap,
 * and the log takes them from there. The shared memory holds a copy for the next process, which may
 * be lost. A killed process leaves each key there either whole or not at all. Not thread-safe.
 */
public final class StagedKeys {
  private static final int KEY_WORDS = KeyRecord.SIZE_BYTES / Long.BYTES;
  private static final long[] NO_WORDS = {};
  private static final MemorySegment NO_BYTES = MemorySegment.ofArray(NO_WORDS);

  /** A buffer without capacity, used until the first real buffer is needed. */
  static final StagedKeys NONE =
      new StagedKeys(new ProcessMemory(StagingLayout.KEYS_OFFSET, "no keys"), 0, 0);

  private final SharedMemory memory;
  private final long slotOffset;
  private final int capacity;
  private long[] words = NO_WORDS;

  /** The same memory as {@link #words}. */
  private MemorySegment bytes = NO_BYTES;

  private int count;

  /** Creates an empty buffer in process memory. */
  public StagedKeys() {
    this(
        new ProcessMemory(
            StagingLayout.KEYS_OFFSET + KeySetRecord.MAX_KEYS * (long) KeyRecord.SIZE_BYTES,
            "a single buffer"),
        0,
        KeySetRecord.MAX_KEYS);
    allocate();
  }

  /** Creates an empty buffer in a slot of the shared memory. */
  StagedKeys(SharedMemory memory, int slot) {
    this(memory, StagingLayout.slotOffset(slot), KeySetRecord.MAX_KEYS);
  }

  private StagedKeys(SharedMemory memory, long slotOffset, int capacity) {
    this.memory = memory;
    this.slotOffset = slotOffset;
    this.capacity = capacity;
  }

  private void allocate() {
    if (words.length == 0) {
      words = new long[capacity * KEY_WORDS];
      bytes = MemorySegment.ofArray(words);
    }
  }

  /** Returns the number of keys. */
  public int count() {
    return count;
  }

  /** Returns the memory of the keys, one behind the other. */
  public MemorySegment bytes() {
    return bytes;
  }

  boolean isIn(SharedMemory whose) {
    return memory == whose;
  }

  boolean isFull() {
    return count == capacity;
  }

  /** Appends a key. A failure of the shared memory shows only after the key is in the heap. */
  void append(Key key) {
    int from = count * KEY_WORDS;
    long at = (long) count * KeyRecord.SIZE_BYTES;
    key.store(bytes, at);
    count++;
    memory.store(slotOffset + StagingLayout.KEYS_OFFSET + at, words, from, KEY_WORDS);
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
    for (int i = 0; i < count; i++) {
      long at = (long) i * KeyRecord.SIZE_BYTES;
      if (choice.takes(bytes, at)) {
        chosen.appendCopy(bytes, at);
      }
    }
    return chosen;
  }

  /** Appends a key from its record. */
  void appendCopy(MemorySegment keys, long at) {
    append(new Key().load(keys, at));
  }

  /**
   * Starts a new use of this buffer. Among the buffers of one stripe, a higher sequence number
   * means newer keys.
   */
  void begin(long sequence) {
    allocate();
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
