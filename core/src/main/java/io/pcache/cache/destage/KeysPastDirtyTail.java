package io.pcache.cache.destage;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.log.KeySetReader;

/**
 * What write-back has written since it stored dirty_tail. A crash has it written again, from the
 * first key set to the last, which changes nothing on the backing device as long as no two of them
 * overlap: so small key sets can share one store of dirty_tail.
 *
 * <p>Not thread-safe.
 */
final class KeysPastDirtyTail {
  /** Enough for many key sets that a flush after each write makes; a large one stands alone. */
  private static final int MAX_KEYS = KeySetRecord.MAX_KEYS / 2;

  private final long[] fromBytes = new long[MAX_KEYS];
  private final long[] toBytes = new long[MAX_KEYS];
  private int count;

  /** Whether there is room for the keys of the key set that {@code reader} holds. */
  boolean hasRoomFor(KeySetReader reader) {
    return count + reader.keyCount() <= MAX_KEYS;
  }

  /** Whether one of the reader's keys overlaps one of these. */
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

  /** Adds the reader's keys, for which there is room. */
  void add(KeySetReader reader) {
    for (int i = 0; i < reader.keyCount(); i++) {
      long from = KeyRecord.off(reader.bytes(), KeySetRecord.keyOffset(i));
      fromBytes[count] = from;
      toBytes[count] = from + KeyRecord.len(reader.bytes(), KeySetRecord.keyOffset(i));
      count++;
    }
  }

  /** dirty_tail is stored. */
  void clear() {
    count = 0;
  }
}
