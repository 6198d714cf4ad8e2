package io.pcache.testkit;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The writes that one thread has begun since its last flush, in order: each may or may not be there
 * after a crash.
 *
 * <p>Thread-safety: none.
 */
final class UnflushedVersions {
  /** What {@link #find} answers where no write explains a content. */
  static final int NONE = Integer.MIN_VALUE;

  private static final int FIELDS = 3;
  private static final int VERSION = 0;
  private static final int FIRST = 1;
  private static final int COUNT = 2;

  private int[] writes = new int[FIELDS * 64];
  private int used;

  void add(int version, int firstSector, int count) {
    if (used == writes.length) {
      writes = Arrays.copyOf(writes, 2 * used);
    }
    writes[used + VERSION] = version;
    writes[used + FIRST] = firstSector;
    writes[used + COUNT] = count;
    used += FIELDS;
  }

  void clear() {
    used = 0;
  }

  /**
   * The newest write that put a content into a sector.
   *
   * @param after the version that is known to be durable; what it replaced cannot come back
   */
  int find(int sector, int contentId, int after) {
    for (int i = used - FIELDS;
        i >= 0 && Math.abs(writes[i + VERSION]) > Math.abs(after);
        i -= FIELDS) {
      boolean covers =
          sector >= writes[i + FIRST] && sector < writes[i + FIRST] + writes[i + COUNT];
      if (covers && SectorVersions.contentId(writes[i + VERSION]) == contentId) {
        return writes[i + VERSION];
      }
    }
    return NONE;
  }

  /** The sectors that any of them touched. */
  BitSet sectors() {
    BitSet touched = new BitSet();
    for (int i = 0; i < used; i += FIELDS) {
      touched.set(writes[i + FIRST], writes[i + FIRST] + writes[i + COUNT]);
    }
    return touched;
  }
}
