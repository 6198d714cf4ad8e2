package io.pcache.index;

import java.util.Arrays;

/**
 * Merges a sequence of overlapping entries in which each entry replaces those before it. The
 * entries are painted over each other, sector by sector. The colors that remain visible are the
 * extents. The time does not depend on how entries overlap. Only the boundaries are examined again.
 *
 * <pre>
 *   entries    │ 1 1 1 1 1 1 1 1          │
 *              │     2 2 2                │   boundaries  ▲   ▲     ▲ ▲   ▲   ▲
 *              │             removed      │
 *              │                 4 4 4    │
 *   visible    │ 1 1 2 2 2 1     4 4 4    │
 * </pre>
 *
 * <p>An entry is a packed {@link Extent}. If there are source keys, its {@link SourceKey} follows
 * it.
 *
 * <p>Thread-safety: none; reusable.
 */
final class SubtreeMerge {
  private static final int BOUNDARY_WORDS = Extent.SUBTREE_SECTORS / Long.SIZE;

  private final int longsPerEntry;

  /** For each sector the number of the visible entry plus one, 0 for none. */
  private final char[] painted = new char[Extent.SUBTREE_SECTORS];

  /** The sectors where an entry begins or ends. */
  private final long[] boundaries = new long[BOUNDARY_WORDS + 1];

  private final long[] merged;
  private int count;

  SubtreeMerge(int longsPerEntry) {
    this.longsPerEntry = longsPerEntry;
    this.merged = new long[Extent.SUBTREE_SECTORS * longsPerEntry];
  }

  /** Merges the first {@code entryCount} entries. The result is valid until the next call. */
  void merge(long[] entries, int entryCount) {
    int lowest = Extent.SUBTREE_SECTORS;
    int highest = 0;
    for (int i = 0; i < entryCount; i++) {
      long extent = entries[i * longsPerEntry];
      paint(extent, i);
      lowest = Math.min(lowest, Extent.sector(extent));
      highest = Math.max(highest, Extent.endSector(extent));
    }
    count = 0;
    if (lowest < highest) {
      collect(entries, lowest, highest);
      Arrays.fill(painted, lowest, highest, (char) 0);
      Arrays.fill(boundaries, lowest / Long.SIZE, highest / Long.SIZE + 1, 0);
    }
  }

  private void collect(long[] entries, int lowest, int highest) {
    int seen = 0;
    int from = 0;
    for (int word = lowest / Long.SIZE; word <= highest / Long.SIZE; word++) {
      for (long left = boundaries[word]; left != 0; left &= left - 1) {
        int sector = word * Long.SIZE + Long.numberOfTrailingZeros(left);
        int next = sector == Extent.SUBTREE_SECTORS ? 0 : painted[sector];
        if (next != seen) {
          addSeen(entries, seen, from, sector);
          seen = next;
          from = sector;
        }
      }
    }
  }

  private void paint(long extent, int i) {
    int from = Extent.sector(extent);
    int to = Extent.endSector(extent);
    mark(from);
    mark(to);
    char color = (char) (Extent.isRemoval(extent) ? 0 : i + 1);
    for (int sector = from; sector < to; sector++) {
      painted[sector] = color;
    }
  }

  private void mark(int sector) {
    boundaries[sector / Long.SIZE] |= 1L << sector;
  }

  private void addSeen(long[] entries, int seen, int from, int to) {
    if (seen == 0) {
      return;
    }
    int entry = (seen - 1) * longsPerEntry;
    int at = count * longsPerEntry;
    merged[at] = Extent.cut(entries[entry], from, to);
    if (longsPerEntry > 1) {
      merged[at + 1] = entries[entry + 1];
    }
    count++;
  }

  /** The number of extents in the result. */
  int count() {
    return count;
  }

  /** The extents, ascending. Only the first {@link #count()} entries are valid. */
  long[] merged() {
    return merged;
  }
}
