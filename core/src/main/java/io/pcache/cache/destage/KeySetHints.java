package io.pcache.cache.destage;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetReader;

/**
 * The places of a key set's keys in the index. All are looked up before the index is changed for
 * any. Their memory lies all over the index, and so it is loaded together and not one line after
 * the other.
 *
 * <p>Not thread-safe.
 */
final class KeySetHints {
  private final ExtentIndex index;
  private final int[] hints = new int[KeySetRecord.MAX_KEYS];

  KeySetHints(ExtentIndex index) {
    this.index = index;
  }

  /** Looks up all keys of the key set that {@code reader} holds. */
  void load(KeySetReader reader) {
    for (int i = 0; i < reader.keyCount(); i++) {
      hints[i] = index.hint(KeyRecord.off(reader.bytes(), KeySetRecord.keyOffset(i)));
    }
  }

  /** The {@link ExtentIndex#hint} of a key. */
  int of(int key) {
    return hints[key];
  }
}
