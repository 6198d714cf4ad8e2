package io.pcache.format;

/**
 * Where things are on a cache device. All offsets and sizes are bytes.
 *
 * <pre>
 *   0      4 KiB     8 KiB        12 KiB       16 KiB       20 KiB
 *   ├──────┼─────────┼────────────┼────────────┼────────────┼─────────────┬─────────────┬──
 *   │ ours │ super-  │ cache_info │ cache_info │ cache_ctrl │ segment 0   │ segment 1   │ …
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
  /** Our own record, in the first 4 KiB, which the kernel never touches. */
  public static final long IDENTITY_OFFSET = 0;

  /** The superblock. */
  public static final long SUPERBLOCK_OFFSET = 4 << 10;

  /** The first slot of cache_info. */
  public static final long CACHE_INFO_OFFSET = 8 << 10;

  /** The first slot of the key_tail position. */
  public static final long KEY_TAIL_OFFSET = 16 << 10;

  /** The first slot of the dirty_tail position. */
  public static final long DIRTY_TAIL_OFFSET = KEY_TAIL_OFFSET + 32;

  /** Where the segments begin. */
  public static final long SEGMENTS_OFFSET = 20 << 10;

  /** A segment. */
  public static final long SEGMENT_BYTES = 16 << 20;

  /** From the start of a segment to its generation record. */
  public static final long GENERATION_OFFSET = 8 << 10;

  /** From the start of a segment to its data area. */
  public static final int SEGMENT_HEADER_BYTES = 12 << 10;

  /** The data area of a segment: what {@code seg_off} and {@code cache_seg_off} count in. */
  public static final int DATA_AREA_BYTES = (int) SEGMENT_BYTES - SEGMENT_HEADER_BYTES;

  /** The logical device is cut into subtrees of this size; no key crosses a boundary. */
  public static final int SUBTREE_BYTES = 4 << 20;

  /** The smallest device that the kernel takes. */
  public static final long MIN_CACHE_BYTES = 512L << 20;

  /** The most segments that the kernel takes. */
  public static final int MAX_SEGMENTS = 1 << 20;

  private MediaLayout() {}

  /** How many segments fit on a device of that size. */
  public static int segmentsOn(long deviceBytes) {
    long segments = Math.max(0, deviceBytes - SEGMENTS_OFFSET) / SEGMENT_BYTES;
    return (int) Math.min(segments, MAX_SEGMENTS);
  }

  /** Where a physical segment starts on the device. */
  public static long segmentOffset(int physicalSegment) {
    return SEGMENTS_OFFSET + physicalSegment * SEGMENT_BYTES;
  }
}
