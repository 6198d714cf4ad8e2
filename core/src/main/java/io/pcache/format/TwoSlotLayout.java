package io.pcache.format;

import java.lang.foreign.MemorySegment;

/**
 * How a record that is kept twice lies on media. The stride is part of the record's description,
 * never derived from its size.
 *
 * @param name the record's name in messages
 * @param strideBytes distance between the two slots
 * @param sizeBytes size of the record, header included
 */
public record TwoSlotLayout(String name, int strideBytes, int sizeBytes) {
  /** u32 crc over the bytes from {@link #SEQ_OFFSET} to the record's end. */
  public static final int CRC_OFFSET = 0;

  /** u8 seq, one more with each write, wrapping. */
  public static final int SEQ_OFFSET = 4;

  /** u8 version; covered by the crc, otherwise ignored, because the kernel leaves garbage in it. */
  public static final int VERSION_OFFSET = 5;

  /** Where a record's own fields begin. */
  public static final int BODY_OFFSET = 8;

  /** cache_info: two slots of 4 KiB. */
  public static final TwoSlotLayout CACHE_INFO = new TwoSlotLayout("cache_info", 4 << 10, 24);

  /** A tail position: two slots side by side. */
  public static final TwoSlotLayout KEY_TAIL = new TwoSlotLayout("key_tail", 16, 16);

  /** A tail position: two slots side by side. */
  public static final TwoSlotLayout DIRTY_TAIL = new TwoSlotLayout("dirty_tail", 16, 16);

  /** segment_info: two slots of 4 KiB. */
  public static final TwoSlotLayout SEGMENT_INFO = new TwoSlotLayout("segment_info", 4 << 10, 16);

  /** A segment's generation: two slots side by side. */
  public static final TwoSlotLayout GENERATION = new TwoSlotLayout("segment generation", 16, 16);

  /** Our own identity record: two slots of 2 KiB in the first 4 KiB. */
  public static final TwoSlotLayout IDENTITY = new TwoSlotLayout("identity", 2 << 10, 1 << 10);

  /** Our own list of bad extents: two slots between those of the identity record. */
  public static final TwoSlotLayout BAD_EXTENTS =
      new TwoSlotLayout("bad extents", 2 << 10, 1 << 10);

  /** Whether a slot at {@code at} has the checksum that its bytes ask for. */
  boolean isIntact(MemorySegment bytes, long at) {
    return bytes.get(LittleEndian.U32, at + CRC_OFFSET) == checksum(bytes, at);
  }

  /** The checksum of a slot at {@code at}. */
  int checksum(MemorySegment bytes, long at) {
    return Checksum.of(bytes, at + SEQ_OFFSET, sizeBytes - (long) SEQ_OFFSET);
  }
}
