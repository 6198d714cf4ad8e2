package io.pcache.index;

import java.util.Arrays;

/**
 * Finds the extents that a sequence of overlapping ones leaves when each replaces what came before
 * it: they are painted over each other, sector by sector, and what is seen at the end are the
 * extents. This takes the same time however they overlap, and only the borders are looked at again.
 *
 * <pre>
 *   in order   │ 1 1 1 1 1 1 1 1          │
 *              │     2 2 2                │      borders  ▲   ▲     ▲ ▲   ▲   ▲
 *              │             removed      │
 *              │                 4 4 4    │
 *   seen       │ 1 1 2 2 2 1     4 4 4    │
 * </pre>
 *
 * <p>Entries are packed {@link Extent}s, each followed by its {@link SourceKey} where there are
 * sourceKeys.
 *
 * <p>Thread-safety: none; reusable.
 */
final class SubtreeMerge {
  private static final int BORDER_WORDS = Extent.SUBTREE_SECTORS / Long.SIZE;

  private final int longsPerEntry;

  /** For each sector one more than the entry seen there, 0 for none. */
  private final char[] painted = new char[Extent.SUBTREE_SECTORS];

  /** The sectors where an entry begins or ends. */
  private final long[] borders = new long[BORDER_WORDS + 1];

  private final long[] merged;
  private int count;

  SubtreeMerge(int longsPerEntry) {
    this.longsPerEntry = longsPerEntry;
    this.merged = new long[Extent.SUBTREE_SECTORS * longsPerEntry];
  }

  /** Merges the first {@code entryCount} entries; the result stays until the next call. */
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
      Arrays.fill(borders, lowest / Long.SIZE, highest / Long.SIZE + 1, 0);
    }
  }

  private void collect(long[] entries, int lowest, int highest) {
    int seen = 0;
    int from = 0;
    for (int word = lowest / Long.SIZE; word <= highest / Long.SIZE; word++) {
      for (long left = borders[word]; left != 0; left &= left - 1) {
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
    borders[sector / Long.SIZE] |= 1L << sector;
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

  /** How many extents are left. */
  int count() {
    return count;
  }

  /** The extents, ascending; valid up to {@link #count()} entries. */
  long[] merged() {
    return merged;
  }
}
