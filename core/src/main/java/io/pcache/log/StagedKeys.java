package io.pcache.log;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import java.lang.foreign.MemorySegment;

/** Up to 128 keys in their on-media form, waiting in memory for the log. Not thread-safe. */
public final class StagedKeys {
  private final MemorySegment bytes =
      MemorySegment.ofArray(new long[KeySetRecord.MAX_KEYS * KeyRecord.SIZE_BYTES / Long.BYTES]);
  private int count;

  /** How many keys there are. */
  public int count() {
    return count;
  }

  /** The keys, one after the other. */
  MemorySegment bytes() {
    return bytes;
  }

  boolean isFull() {
    return count == KeySetRecord.MAX_KEYS;
  }

  void append(
      long off, int len, int flags, int cacheSegId, int cacheSegOff, long segGen, int dataCrc) {
    long at = (long) count * KeyRecord.SIZE_BYTES;
    KeyRecord.put(bytes, at, off, len, flags, cacheSegId, cacheSegOff, segGen, dataCrc);
    count++;
  }

  void clear() {
    count = 0;
  }
}
