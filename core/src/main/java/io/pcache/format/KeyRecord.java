package io.pcache.format;

import java.lang.foreign.MemorySegment;

/**
 * A key on media: a range of the logical device, and the segment bytes that hold it. 40 bytes,
 * which {@link Key#store} writes.
 *
 * <pre>
 *   0                8        12       16             20              24               32         36     40
 *   ├────────────────┼────────┼────────┼──────────────┼───────────────┼────────────────┼──────────┼──────┤
 *   │ off            │ len    │ flags  │ cache_seg_id │ cache_seg_off │ seg_gen        │ data_crc │ resv │
 *   └────────────────┴────────┴────────┴──────────────┴───────────────┴────────────────┴──────────┴──────┘
 *   flags: bit 0 EMPTY, never valid on media · bit 1 CLEAN, filled by a read miss
 * </pre>
 */
public final class KeyRecord {
  /** u64 off, logical byte offset. */
  public static final int OFF_OFFSET = 0;

  /** u32 len, bytes. */
  public static final int LEN_OFFSET = 8;

  /** u32 flags. */
  public static final int FLAGS_OFFSET = 12;

  /** u32 cache_seg_id. */
  public static final int CACHE_SEG_ID_OFFSET = 16;

  /** u32 cache_seg_off, bytes in the data area. */
  public static final int CACHE_SEG_OFF_OFFSET = 20;

  /** u64 seg_gen. */
  public static final int SEG_GEN_OFFSET = 24;

  /** u32 data_crc. */
  public static final int DATA_CRC_OFFSET = 32;

  /** u32 reserved. */
  public static final int RESERVED_OFFSET = 36;

  /** The size of a key in bytes. */
  public static final int SIZE_BYTES = 40;

  /** Flag: never valid on media. */
  public static final int EMPTY_FLAG = 1;

  /** Flag: filled by a read miss, so there is nothing to write back. */
  public static final int CLEAN_FLAG = 1 << 1;

  private KeyRecord() {}

  /** Returns the logical byte offset. */
  public static long off(MemorySegment keys, long at) {
    return keys.get(LittleEndian.U64, at + OFF_OFFSET);
  }

  /** Returns the length in bytes. */
  public static int len(MemorySegment keys, long at) {
    return keys.get(LittleEndian.U32, at + LEN_OFFSET);
  }

  /** Returns the flags. */
  public static int flags(MemorySegment keys, long at) {
    return keys.get(LittleEndian.U32, at + FLAGS_OFFSET);
  }

  /** Returns the segment that holds the data. */
  public static int cacheSegId(MemorySegment keys, long at) {
    return keys.get(LittleEndian.U32, at + CACHE_SEG_ID_OFFSET);
  }

  /** Returns the byte offset of the data in that segment's data area. */
  public static int cacheSegOff(MemorySegment keys, long at) {
    return keys.get(LittleEndian.U32, at + CACHE_SEG_OFF_OFFSET);
  }

  /** Returns the data segment's generation when the key was made. */
  public static long segGen(MemorySegment keys, long at) {
    return keys.get(LittleEndian.U64, at + SEG_GEN_OFFSET);
  }

  /** Returns the checksum of the data; meaningful if the cache was formatted with data_crc. */
  public static int dataCrc(MemorySegment keys, long at) {
    return keys.get(LittleEndian.U32, at + DATA_CRC_OFFSET);
  }

  /** Returns whether a key was filled by a read miss. */
  public static boolean isClean(MemorySegment keys, long at) {
    return (flags(keys, at) & CLEAN_FLAG) != 0;
  }
}
