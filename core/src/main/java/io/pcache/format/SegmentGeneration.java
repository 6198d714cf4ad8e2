package io.pcache.format;

import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;

/**
 * A segment's generation, which counts how often it has been reclaimed. Two slots of 16 bytes at 8
 * KiB into the segment. A missing record reads as 0.
 *
 * <pre>
 *   0      4     5     6       8                16
 *   ├──────┼─────┼─────┼───────┼────────────────┤
 *   │ crc  │ seq │ ver │ resv  │ gen            │
 *   └──────┴─────┴─────┴───────┴────────────────┘
 * </pre>
 */
public final class SegmentGeneration {
  /** u64 gen. */
  public static final int GEN_OFFSET = 8;

  private final TwoSlot slots;

  private SegmentGeneration(TwoSlot slots) {
    this.slots = slots;
  }

  /** Returns the record of the segment that starts at {@code segmentOffsetBytes} on the device. */
  public static SegmentGeneration at(Media media, long segmentOffsetBytes) {
    long offset = segmentOffsetBytes + MediaLayout.GENERATION_OFFSET;
    return new SegmentGeneration(new TwoSlot(media, TwoSlotLayout.GENERATION, offset));
  }

  /** Reads the generation; 0 if none was ever written. */
  public long load() {
    return slots.load().map(record -> record.get(LittleEndian.U64, GEN_OFFSET)).orElse(0L);
  }

  /** Writes the generation. It is durable after the next sync; only then may it be relied on. */
  public void store(long generation) {
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U64, GEN_OFFSET, generation);
    slots.store(record);
  }

  /** Makes the record, as an earlier process left it, durable with the next sync. */
  void inherit() {
    slots.inherit();
  }

  /** Makes both slots invalid, for formatting. Not synced. */
  public void erase() {
    slots.erase();
  }
}
