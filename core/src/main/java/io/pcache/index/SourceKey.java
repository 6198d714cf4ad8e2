package io.pcache.index;

/**
 * The whole key that an extent was cut from, packed into a {@code long}. The key's checksum covers
 * all of its bytes, including those that newer writes have replaced. These stay in place until the
 * segment is reclaimed.
 *
 * <pre>
 *   60               46 45        33 32 31                 0
 *   ├──────────────────┼────────────┼──┼────────────────────┤
 *   │ seg sector 15    │ length−1 13│  │ data_crc 32        │
 *   └──────────────────┴────────────┴──┴────────────────────┘
 * </pre>
 */
final class SourceKey {
  private static final int SEG_SECTOR_SHIFT = 46;
  private static final int LENGTH_SHIFT = 33;
  private static final int LENGTH_MASK = (1 << 13) - 1;
  private static final long CRC_MASK = 0xFFFF_FFFFL;

  private SourceKey() {}

  static long pack(int segSector, int lengthSectors, int dataCrc) {
    return ((long) segSector << SEG_SECTOR_SHIFT)
        | ((long) (lengthSectors - 1) << LENGTH_SHIFT)
        | (dataCrc & CRC_MASK);
  }

  static int segSector(long sourceKey) {
    return (int) (sourceKey >>> SEG_SECTOR_SHIFT);
  }

  static int lengthSectors(long sourceKey) {
    return ((int) (sourceKey >>> LENGTH_SHIFT) & LENGTH_MASK) + 1;
  }

  static int dataCrc(long sourceKey) {
    return (int) sourceKey;
  }
}
