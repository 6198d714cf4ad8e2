package io.pcache.format;

import java.lang.foreign.MemorySegment;

/**
 * The on-media layout of a two-slot record. The stride is part of the description and never derived
 * from the record's size.
 *
 * @param name the record's name in messages
 * @param strideBytes distance between the two slots
 * @param sizeBytes size of the record, including its header
 */
public record TwoSlotLayout(String name, int strideBytes, int sizeBytes) {
  /** u32 crc over the bytes from {@link #SEQ_OFFSET} to the record's end. */
  public static final int CRC_OFFSET = 0;

  /** u8 seq, incremented with each write, wrapping. */
  public static final int SEQ_OFFSET = 4;

  /**
   * u8 version; covered by the crc and otherwise ignored, because the kernel leaves garbage in it.
   */
  public static final int VERSION_OFFSET = 5;

  /** Offset of a record's own fields. */
  public static final int BODY_OFFSET = 8;

  /** cache_info: two slots, 4 KiB apart. */
  public static final TwoSlotLayout CACHE_INFO = new TwoSlotLayout("cache_info", 4 << 10, 24);

  /** key_tail: two adjacent slots. */
  public static final TwoSlotLayout KEY_TAIL = new TwoSlotLayout("key_tail", 16, 16);

  /** dirty_tail: two adjacent slots. */
  public static final TwoSlotLayout DIRTY_TAIL = new TwoSlotLayout("dirty_tail", 16, 16);

  /** segment_info: two slots, 4 KiB apart. */
  public static final TwoSlotLayout SEGMENT_INFO = new TwoSlotLayout("segment_info", 4 << 10, 16);

  /** A segment's generation: two adjacent slots. */
  public static final TwoSlotLayout GENERATION = new TwoSlotLayout("segment generation", 16, 16);

  /** pcache's own identity record: two slots of 1 KiB, 2 KiB apart, in the first 4 KiB. */
  public static final TwoSlotLayout IDENTITY = new TwoSlotLayout("identity", 2 << 10, 1 << 10);

  /** pcache's own list of bad extents: two slots between those of the identity record. */
  public static final TwoSlotLayout BAD_EXTENTS =
      new TwoSlotLayout("bad extents", 2 << 10, 1 << 10);

  /** Returns whether the checksum of the slot at {@code at} matches its bytes. */
  boolean isIntact(MemorySegment bytes, long at) {
    return bytes.get(LittleEndian.U32, at + CRC_OFFSET) == checksum(bytes, at);
  }

  /** Computes the checksum of the slot at {@code at}. */
  int checksum(MemorySegment bytes, long at) {
    return Checksum.of(bytes, at + SEQ_OFFSET, sizeBytes - (long) SEQ_OFFSET);
  }
}
