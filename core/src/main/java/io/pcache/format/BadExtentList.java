package io.pcache.format;

import io.pcache.block.BlockDevice;
import io.pcache.error.CorruptMediaException;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * pcache's own list of ranges whose newest data was damaged in the cache before it could be written
 * back. Two slots of 1 KiB, at 1 KiB and 3 KiB of the first 4 KiB, between those of {@link
 * Identity}. A missing record reads as an empty list.
 *
 * <pre>
 *   0        8        16      20      24       32       40
 *   ├────────┼────────┼───────┼───────┼────────┼────────┼──
 *   │ header │ magic  │ count │ resv  │ off    │ len    │ …   up to 62 ranges, u64 each, bytes
 *   └────────┴────────┴───────┴───────┴────────┴────────┴──
 * </pre>
 */
public final class BadExtentList {
  /** The maximum number of ranges. */
  public static final int MAX_EXTENTS = 62;

  /** The bytes {@code pJPCBEXT}. */
  static final long MAGIC = 0x54584542_43504A70L;

  /** u64 magic. */
  static final int MAGIC_OFFSET = TwoSlotLayout.BODY_OFFSET;

  /** u32 count of ranges. */
  static final int COUNT_OFFSET = 16;

  /** Offset of the first range. */
  static final int EXTENTS_OFFSET = 24;

  /** The size of a range: u64 offset, u64 length, both in bytes. */
  static final int EXTENT_BYTES = 16;

  /**
   * A range of the logical device.
   *
   * @param offsetBytes start, a multiple of 512
   * @param lengthBytes length, a multiple of 512 above 0
   */
  public record Range(long offsetBytes, long lengthBytes) {
    /** Returns the end of the range, exclusive. */
    public long endBytes() {
      return offsetBytes + lengthBytes;
    }
  }

  private BadExtentList() {}

  /**
   * Reads the list.
   *
   * @throws CorruptMediaException if a valid checksum covers an impossible count or range
   */
  public static List<Range> load(Media media) {
    Optional<MemorySegment> record =
        slots(media).load().filter(r -> r.get(LittleEndian.U64, MAGIC_OFFSET) == MAGIC);
    List<Range> ranges = new ArrayList<>();
    if (record.isEmpty()) {
      return ranges;
    }
    int count = record.get().get(LittleEndian.U32, COUNT_OFFSET);
    if (count < 0 || count > MAX_EXTENTS) {
      throw new CorruptMediaException(
          "bad extents: count %d found, at most %d expected".formatted(count, MAX_EXTENTS));
    }
    for (int i = 0; i < count; i++) {
      long at = EXTENTS_OFFSET + (long) i * EXTENT_BYTES;
      long offset = record.get().get(LittleEndian.U64, at);
      ranges.add(
          checked(i, new Range(offset, record.get().get(LittleEndian.U64, at + Long.BYTES))));
    }
    return ranges;
  }

  private static Range checked(int index, Range range) {
    long offset = range.offsetBytes();
    long length = range.lengthBytes();
    boolean whole = (offset | length) % BlockDevice.SECTOR_BYTES == 0;
    if (!whole || offset < 0 || length <= 0 || length > Long.MAX_VALUE - offset) {
      throw new CorruptMediaException(
          "bad extents: range %d with offset %d and length %d found, multiples of 512 and a length above 0 expected"
              .formatted(index, offset, length));
    }
    return range;
  }

  /** Writes the list durably. It has at most {@link #MAX_EXTENTS} ranges. */
  public static void storeDurably(Media media, List<Range> ranges) {
    TwoSlot slots = slots(media);
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U64, MAGIC_OFFSET, MAGIC);
    record.set(LittleEndian.U32, COUNT_OFFSET, ranges.size());
    for (int i = 0; i < ranges.size(); i++) {
      long at = EXTENTS_OFFSET + (long) i * EXTENT_BYTES;
      record.set(LittleEndian.U64, at, ranges.get(i).offsetBytes());
      record.set(LittleEndian.U64, at + Long.BYTES, ranges.get(i).lengthBytes());
    }
    slots.storeDurably(record);
  }

  private static TwoSlot slots(Media media) {
    return new TwoSlot(media, TwoSlotLayout.BAD_EXTENTS, MediaLayout.BAD_EXTENTS_OFFSET);
  }
}
