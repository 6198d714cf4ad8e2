package io.pcache.index;

import io.pcache.block.BlockDevice;
import io.pcache.error.Invariants;
import io.pcache.format.MediaLayout;

/**
 * Packs an extent into a {@code long}. An extent never crosses a subtree, so 61 bits suffice
 * besides the flags. Packed values of one subtree sort by logical sector as unsigned numbers.
 *
 * <pre>
 *   63           51 50          38 37              18 17             3  2     0
 *   ├──────────────┼──────────────┼──────────────────┼────────────────┼────────┤
 *   │ sector 13    │ length−1 13  │ cache_seg_id 20  │ seg sector 15  │ flags  │
 *   └──────────────┴──────────────┴──────────────────┴────────────────┴────────┘
 *   sector: in the subtree · length: sectors · seg sector: in the segment's data area
 *   flags: bit 0 is CLEAN · bit 1 is REMOVAL · bit 2 is zero
 * </pre>
 */
final class Extent {
  static final int SUBTREE_SECTORS = MediaLayout.SUBTREE_BYTES / BlockDevice.SECTOR_BYTES;
  static final long CLEAN = 1;

  /** Marks a range that became missing instead of an extent. A finished index has none. */
  static final long REMOVAL = 2;

  private static final int SECTOR_SHIFT = 51;
  private static final int LENGTH_SHIFT = 38;
  private static final int SEGMENT_SHIFT = 18;
  private static final int SEG_SECTOR_SHIFT = 3;
  private static final int SECTOR_MASK = (1 << 13) - 1;
  private static final int SEGMENT_MASK = (1 << 20) - 1;
  private static final int SEG_SECTOR_MASK = (1 << 15) - 1;

  private Extent() {}

  static long pack(int sector, int lengthSectors, int cacheSegId, int segSector, long flags) {
    return ((long) sector << SECTOR_SHIFT)
        | ((long) (lengthSectors - 1) << LENGTH_SHIFT)
        | ((long) cacheSegId << SEGMENT_SHIFT)
        | ((long) segSector << SEG_SECTOR_SHIFT)
        | flags;
  }

  /** Refuses a range without sectors, or one that does not end inside its subtree. */
  static void checkInsideSubtree(int sector, int lengthSectors) {
    Invariants.check(
        lengthSectors > 0 && sector + lengthSectors <= SUBTREE_SECTORS,
        "an extent stays inside its subtree");
  }

  static int sector(long extent) {
    return (int) (extent >>> SECTOR_SHIFT);
  }

  static int lengthSectors(long extent) {
    return ((int) (extent >>> LENGTH_SHIFT) & SECTOR_MASK) + 1;
  }

  static int endSector(long extent) {
    return sector(extent) + lengthSectors(extent);
  }

  static int cacheSegId(long extent) {
    return (int) (extent >>> SEGMENT_SHIFT) & SEGMENT_MASK;
  }

  static int segSector(long extent) {
    return (int) (extent >>> SEG_SECTOR_SHIFT) & SEG_SECTOR_MASK;
  }

  static boolean isClean(long extent) {
    return (extent & CLEAN) != 0;
  }

  static boolean isRemoval(long extent) {
    return (extent & REMOVAL) != 0;
  }

  /** The part of an extent from {@code fromSector} to {@code toSector}, both inside the extent. */
  static long cut(long extent, int fromSector, int toSector) {
    int skip = fromSector - sector(extent);
    return pack(
        fromSector,
        toSector - fromSector,
        cacheSegId(extent),
        segSector(extent) + skip,
        extent & CLEAN);
  }

  /**
   * Whether an extent points into a key's bytes, at the place of its own sector. The key starts at
   * these sectors.
   */
  static boolean pointsInto(long extent, int keySector, int cacheSegId, int keySegSector) {
    return cacheSegId(extent) == cacheSegId
        && segSector(extent) - keySegSector == sector(extent) - keySector;
  }
}
