package io.pcache.cache.destage;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.log.KeySetReader;

/**
 * The keys that write-back has written since it stored dirty_tail. After a crash they are written
 * again, first to last. That does not change the backing device as long as no two of them overlap.
 * So small key sets can share one store of dirty_tail.
 *
 * <p>Not thread-safe.
 */
final class KeysPastDirtyTail {
  /**
   * Enough for many of the small key sets that frequent flushes make. A large one is stored alone.
   */
  private static final int MAX_KEYS = KeySetRecord.MAX_KEYS / 2;

  private final long[] fromBytes = new long[MAX_KEYS];
  private final long[] toBytes = new long[MAX_KEYS];
  private int count;

  /** Whether there is room for the keys of the key set that {@code reader} holds. */
  boolean hasRoomFor(KeySetReader reader) {
    return count + reader.keyCount() <= MAX_KEYS;
  }

  /** Whether one of the reader's keys overlaps one of these keys. */
  boolean overlap(KeySetReader reader) {
    for (int i = 0; i < reader.keyCount(); i++) {
      long from = KeyRecord.off(reader.bytes(), KeySetRecord.keyOffset(i));
      long to = from + KeyRecord.len(reader.bytes(), KeySetRecord.keyOffset(i));
      if (overlap(from, to)) {
        return true;
      }
    }
    return false;
  }

  private boolean overlap(long from, long to) {
    for (int i = 0; i < count; i++) {
      if (from < toBytes[i] && fromBytes[i] < to) {
        return true;
      }
    }
    return false;
  }

  /** Adds the reader's keys. There must be room for them. */
  void add(KeySetReader reader) {
    for (int i = 0; i < reader.keyCount(); i++) {
      long from = KeyRecord.off(reader.bytes(), KeySetRecord.keyOffset(i));
      fromBytes[count] = from;
      toBytes[count] = from + KeyRecord.len(reader.bytes(), KeySetRecord.keyOffset(i));
      count++;
    }
  }

  /** Forgets all keys, because dirty_tail has been stored. */
  void clear() {
    count = 0;
  }
}
