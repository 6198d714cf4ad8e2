package io.pcache.cache.destage;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetReader;

/**
 * Where the keys of a key set are in the index, looked for one right after the other before
 * anything is done to them: so their memory, which lies all over the index, comes in together and
 * not one line after the other.
 *
 * <p>Not thread-safe.
 */
final class KeySetHints {
  private final ExtentIndex index;
  private final int[] hints = new int[KeySetRecord.MAX_KEYS];

  KeySetHints(ExtentIndex index) {
    this.index = index;
  }

  /** Looks for all keys of the key set that {@code reader} holds. */
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
