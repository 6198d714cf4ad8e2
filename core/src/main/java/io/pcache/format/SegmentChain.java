package io.pcache.format;

import io.pcache.error.CorruptMediaException;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The order of a cache's segments. It maps a cache_seg_id, which keys and positions use, to a
 * physical segment on the device.
 *
 * <p>Each segment starts with the two slots of its segment_info, of 4 KiB each:
 *
 * <pre>
 *   0      4     5     6       8       12         16
 *   ├──────┼─────┼─────┼───────┼───────┼──────────┤
 *   │ crc  │ seq │ ver │ resv  │ flags │ next_seg │    flags: bit 0 HAS_NEXT · bits 4:1 type (1 = cache data)
 *   └──────┴─────┴─────┴───────┴───────┴──────────┘
 * </pre>
 *
 * <p>Thread-safety: immutable.
 */
public final class SegmentChain {
  /** u32 flags. */
  public static final int FLAGS_OFFSET = 8;

  /** u32 next_seg. */
  public static final int NEXT_SEG_OFFSET = 12;

  private static final int HAS_NEXT_FLAG = 1;
  private static final int TYPE_CACHE_DATA = 1 << 1;

  private final int[] physicalSegments;

  private SegmentChain(int[] physicalSegments) {
    this.physicalSegments = physicalSegments;
  }

  /**
   * Follows the chain from cache_info's seg_id through next_seg.
   *
   * @throws CorruptMediaException if a link is missing, out of range, or leads back
   */
  public static SegmentChain load(Media media, CacheInfo info) {
    int[] physical = new int[info.segments()];
    boolean[] seen = new boolean[info.segments()];
    int current = info.segId();
    for (int i = 0; i < physical.length; i++) {
      if (current < 0 || current >= seen.length || seen[current]) {
        throw new CorruptMediaException(
            "segment chain: physical segment %d found at place %d, one below %d that was not met before expected"
                .formatted(Integer.toUnsignedLong(current), i, seen.length));
      }
      seen[current] = true;
      physical[i] = current;
      boolean last = i == physical.length - 1;
      current = last ? current : next(media, current);
    }
    return new SegmentChain(physical);
  }

  private static int next(Media media, int physicalSegment) {
    Optional<MemorySegment> record = slots(media, physicalSegment).load();
    if (record.isEmpty()) {
      throw new CorruptMediaException(
          "segment_info of physical segment "
              + physicalSegment
              + ": neither slot has a valid checksum; 'pcache repair' says what can be restored");
    }
    if ((record.get().get(LittleEndian.U32, FLAGS_OFFSET) & HAS_NEXT_FLAG) == 0) {
      throw new CorruptMediaException(
          "segment_info of physical segment "
              + physicalSegment
              + ": the chain ends before n_segs segments; 'pcache repair' says what can be restored");
    }
    return record.get().get(LittleEndian.U32, NEXT_SEG_OFFSET);
  }

  /**
   * Writes the segment_info of a fresh chain 0, 1, 2, …, and erases every generation. Not synced.
   */
  public static SegmentChain format(Media media, int segments) {
    int[] physical = new int[segments];
    for (int i = 0; i < segments; i++) {
      physical[i] = i;
      slots(media, i).erase();
      storeInPhysicalOrder(media, i, segments);
      SegmentGeneration.at(media, MediaLayout.segmentOffset(i)).erase();
    }
    return new SegmentChain(physical);
  }

  /**
   * Reads the link in a segment's segment_info.
   *
   * @return the next physical segment; empty if no slot is valid, or the valid one has no link
   */
  static OptionalInt link(Media media, int physicalSegment) {
    return slots(media, physicalSegment)
        .load()
        .filter(record -> (record.get(LittleEndian.U32, FLAGS_OFFSET) & HAS_NEXT_FLAG) != 0)
        .map(record -> OptionalInt.of(record.get(LittleEndian.U32, NEXT_SEG_OFFSET)))
        .orElse(OptionalInt.empty());
  }

  /** Returns whether a segment has a valid segment_info. */
  static boolean isRecorded(Media media, int physicalSegment) {
    return slots(media, physicalSegment).load().isPresent();
  }

  /** Returns the chain 0, 1, 2, …, which every formatter writes. */
  static SegmentChain inPhysicalOrder(int segments) {
    return new SegmentChain(IntStream.range(0, segments).toArray());
  }

  /** Writes a segment's segment_info for a chain 0, 1, 2, …. Not synced. */
  static void storeInPhysicalOrder(Media media, int physicalSegment, int segments) {
    boolean last = physicalSegment == segments - 1;
    TwoSlot slots = slots(media, physicalSegment);
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U32, FLAGS_OFFSET, TYPE_CACHE_DATA | (last ? 0 : HAS_NEXT_FLAG));
    record.set(LittleEndian.U32, NEXT_SEG_OFFSET, last ? 0 : physicalSegment + 1);
    slots.store(record);
  }

  private static TwoSlot slots(Media media, int physicalSegment) {
    return new TwoSlot(
        media, TwoSlotLayout.SEGMENT_INFO, MediaLayout.segmentOffset(physicalSegment));
  }

  /**
   * Makes every record, as an earlier process left it, durable with the next sync. These are the
   * records before the segments, and info and generation of each segment.
   */
  public void inheritRecords(Media media) {
    media.inherit(0, MediaLayout.SEGMENTS_OFFSET);
    for (int segment : physicalSegments) {
      slots(media, segment).inherit();
      SegmentGeneration.at(media, MediaLayout.segmentOffset(segment)).inherit();
    }
  }

  /** Returns the number of segments (n_segs). */
  public int segments() {
    return physicalSegments.length;
  }

  /** Returns the offset of a segment's data area on the device, in bytes. */
  public long dataOffset(int cacheSegId) {
    return segmentOffset(cacheSegId) + MediaLayout.SEGMENT_HEADER_BYTES;
  }

  /** Returns the offset of a segment on the device, in bytes. */
  public long segmentOffset(int cacheSegId) {
    return MediaLayout.segmentOffset(physicalSegments[cacheSegId]);
  }
}
