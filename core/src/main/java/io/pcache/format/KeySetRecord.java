package io.pcache.format;

import java.lang.foreign.MemorySegment;

/**
 * The header of a key set (kset): 24 bytes, then {@code key_num} keys of {@link
 * KeyRecord#SIZE_BYTES}.
 *
 * <pre>
 *   0      4                     8                16               24
 *   ├──────┼─────────────────────┼────────────────┼────────────────┼──────────
 *   │ crc  │ key_num or next seg │ magic          │ flags          │ keys …
 *   └──────┴─────────────────────┴────────────────┴────────────────┴──────────
 *   flags: bit 0 LAST: no keys; the second word names the next log segment
 * </pre>
 */
public final class KeySetRecord {
  /** u32 crc from byte 4 to the end of the last key. */
  public static final int CRC_OFFSET = 0;

  /** u32 key_num, or the next cache_seg_id in a LAST key set. */
  public static final int KEY_NUM_OFFSET = 4;

  /** u64 magic. */
  public static final int MAGIC_OFFSET = 8;

  /** u64 flags. */
  public static final int FLAGS_OFFSET = 16;

  /** The size of the header in bytes. */
  public static final int HEADER_BYTES = 24;

  /** The maximum number of keys in a key set. */
  public static final int MAX_KEYS = 128;

  /** The value at {@link #MAGIC_OFFSET}. */
  public static final long MAGIC = 0x676894A64E164F1AL;

  /** Flag: this key set ends its segment and names the next. */
  public static final long LAST_FLAG = 1;

  private KeySetRecord() {}

  /** Returns the size in bytes of a key set with {@code keys} keys. */
  public static int sizeBytes(int keys) {
    return HEADER_BYTES + keys * KeyRecord.SIZE_BYTES;
  }

  /** Writes the header at {@code at} of a key set whose keys already follow it. */
  public static void seal(MemorySegment bytes, long at, int keys) {
    sealHeader(bytes, at, keys, 0, sizeBytes(keys));
  }

  /** Writes a LAST key set at {@code at}. */
  public static void sealLast(MemorySegment bytes, long at, int nextCacheSegId) {
    sealHeader(bytes, at, nextCacheSegId, LAST_FLAG, HEADER_BYTES);
  }

  private static void sealHeader(
      MemorySegment bytes, long at, int keyCountOrNextSegment, long flags, int sizeBytes) {
    bytes.set(LittleEndian.U32, at + KEY_NUM_OFFSET, keyCountOrNextSegment);
    bytes.set(LittleEndian.U64, at + MAGIC_OFFSET, MAGIC);
    bytes.set(LittleEndian.U64, at + FLAGS_OFFSET, flags);
    int crc = Checksum.of(bytes, at + KEY_NUM_OFFSET, sizeBytes - KEY_NUM_OFFSET);
    bytes.set(LittleEndian.U32, at + CRC_OFFSET, crc);
  }

  /** Returns whether the key set at {@code at} is LAST, which ends its segment. */
  public static boolean isLast(MemorySegment bytes, long at) {
    return (bytes.get(LittleEndian.U64, at + FLAGS_OFFSET) & LAST_FLAG) != 0;
  }

  /** Returns key_num, or the next cache_seg_id in a LAST key set. */
  public static int keyCountOrNextSegment(MemorySegment bytes, long at) {
    return bytes.get(LittleEndian.U32, at + KEY_NUM_OFFSET);
  }

  /** Returns the offset of key {@code i}, relative to the key set's start. */
  public static long keyOffset(int i) {
    return HEADER_BYTES + (long) i * KeyRecord.SIZE_BYTES;
  }

  /**
   * Returns whether a whole valid key set lies at {@code at}: magic, bounds and checksum.
   *
   * @param bytes a private copy, or bytes that do not change meanwhile
   * @param availableBytes bytes from {@code at} to the end of the data area
   */
  public static boolean isValid(MemorySegment bytes, long at, long availableBytes) {
    if (availableBytes < HEADER_BYTES || bytes.get(LittleEndian.U64, at + MAGIC_OFFSET) != MAGIC) {
      return false;
    }
    long sizeBytes = HEADER_BYTES;
    if (!isLast(bytes, at)) {
      int keys = keyCountOrNextSegment(bytes, at);
      if (keys < 0 || keys > MAX_KEYS) {
        return false;
      }
      sizeBytes = sizeBytes(keys);
    }
    return sizeBytes <= availableBytes
        && bytes.get(LittleEndian.U32, at + CRC_OFFSET)
            == Checksum.of(bytes, at + KEY_NUM_OFFSET, sizeBytes - KEY_NUM_OFFSET);
  }
}
