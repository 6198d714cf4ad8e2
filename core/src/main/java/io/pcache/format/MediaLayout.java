package io.pcache.format;

/**
 * The layout of a cache device. All offsets and sizes are in bytes.
 *
 * <pre>
 *   0      4 KiB     8 KiB        12 KiB       16 KiB       20 KiB
 *   ├──────┼─────────┼────────────┼────────────┼────────────┼─────────────┬─────────────┬──
 *   │pcache│ super-  │ cache_info │ cache_info │ cache_ctrl │ segment 0   │ segment 1   │ …
 *   │      │ block   │ slot 0     │ slot 1     │ (tails)    │ 16 MiB      │ 16 MiB      │
 *   └──────┴─────────┴────────────┴────────────┴────────────┴─────────────┴─────────────┴──
 *
 *   segment:  0          4 KiB      8 KiB        12 KiB                              16 MiB
 *             ├──────────┼──────────┼────────────┼───────────────────────────────────┤
 *             │ seg_info │ seg_info │ generation │ data area: key sets or cached data│
 *             │ slot 0   │ slot 1   │ two slots  │ 16,764,928 bytes                  │
 *             └──────────┴──────────┴────────────┴───────────────────────────────────┘
 * </pre>
 */
public final class MediaLayout {
  /** pcache's own record in the first 4 KiB, which the kernel never touches. */
  public static final long IDENTITY_OFFSET = 0;

  /**
   * Offset of the first slot of pcache's own list of bad extents, between those of the identity.
   */
  public static final long BAD_EXTENTS_OFFSET = IDENTITY_OFFSET + (1 << 10);

  /** Offset of the superblock. */
  public static final long SUPERBLOCK_OFFSET = 4 << 10;

  /** Offset of the first slot of cache_info. */
  public static final long CACHE_INFO_OFFSET = 8 << 10;

  /** Offset of the first slot of key_tail. */
  public static final long KEY_TAIL_OFFSET = 16 << 10;

  /** Offset of the first slot of dirty_tail. */
  public static final long DIRTY_TAIL_OFFSET = KEY_TAIL_OFFSET + 32;

  /** Offset of the first segment. */
  public static final long SEGMENTS_OFFSET = 20 << 10;

  /** The size of a segment. */
  public static final long SEGMENT_BYTES = 16 << 20;

  /** Offset of the generation record in a segment. */
  public static final long GENERATION_OFFSET = 8 << 10;

  /** Offset of the data area in a segment. */
  public static final int SEGMENT_HEADER_BYTES = 12 << 10;

  /**
   * The size of a segment's data area. {@code seg_off} and {@code cache_seg_off} are offsets in it.
   */
  public static final int DATA_AREA_BYTES = (int) SEGMENT_BYTES - SEGMENT_HEADER_BYTES;

  /** The size of a subtree of the logical device. No key crosses the boundary of one. */
  public static final int SUBTREE_BYTES = 4 << 20;

  /** The end of the subtree that holds a logical offset, exclusive, in bytes. */
  public static long subtreeEnd(long offsetBytes) {
    return offsetBytes - offsetBytes % SUBTREE_BYTES + SUBTREE_BYTES;
  }

  /** The minimum size of a device that the kernel accepts. */
  public static final long MIN_CACHE_BYTES = 512L << 20;

  /** The maximum number of segments that the kernel accepts. */
  public static final int MAX_SEGMENTS = 1 << 20;

  private MediaLayout() {}

  /** Returns the number of segments that fit on a device, at most {@link #MAX_SEGMENTS}. */
  public static int segmentsOn(long deviceBytes) {
    long segments = Math.max(0, deviceBytes - SEGMENTS_OFFSET) / SEGMENT_BYTES;
    return (int) Math.min(segments, MAX_SEGMENTS);
  }

  /** Returns the offset of a physical segment on the device. */
  public static long segmentOffset(int physicalSegment) {
    return SEGMENTS_OFFSET + physicalSegment * SEGMENT_BYTES;
  }
}
