package io.pcache.format;

import io.pcache.error.CorruptMediaException;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * One of the two stored positions of the log, key_tail or dirty_tail. Two adjacent slots of 16
 * bytes in cache_ctrl.
 *
 * <pre>
 *   0      4     5     6       8              12        16
 *   ├──────┼─────┼─────┼───────┼──────────────┼─────────┤
 *   │ crc  │ seq │ ver │ resv  │ cache_seg_id │ seg_off │
 *   └──────┴─────┴─────┴───────┴──────────────┴─────────┘
 * </pre>
 *
 * <p>Thread-safety: one writer at a time.
 */
public final class TailPosition {
  /** u32 cache_seg_id. */
  public static final int CACHE_SEG_ID_OFFSET = 8;

  /** u32 seg_off. */
  public static final int SEG_OFF_OFFSET = 12;

  private final TwoSlot slots;
  private final String name;
  private final int segments;

  private TailPosition(Media media, TwoSlotLayout layout, long offsetBytes, int segments) {
    this.slots = new TwoSlot(media, layout, offsetBytes);
    this.name = layout.name();
    this.segments = segments;
  }

  /** Returns key_tail of a cache of {@code segments} segments. */
  public static TailPosition keyTail(Media media, int segments) {
    return new TailPosition(media, TwoSlotLayout.KEY_TAIL, MediaLayout.KEY_TAIL_OFFSET, segments);
  }

  /** Returns dirty_tail of a cache of {@code segments} segments. */
  public static TailPosition dirtyTail(Media media, int segments) {
    return new TailPosition(
        media, TwoSlotLayout.DIRTY_TAIL, MediaLayout.DIRTY_TAIL_OFFSET, segments);
  }

  /**
   * Reads and checks the position.
   *
   * @throws CorruptMediaException if no slot is valid or the position lies outside the log
   */
  public LogAddress load() {
    Optional<MemorySegment> record = slots.load();
    if (record.isEmpty()) {
      throw new CorruptMediaException(
          name
              + ": neither slot has a valid checksum; the log's beginning is unknown; 'pcache repair' says what can be restored");
    }
    return decode(record.get());
  }

  /** Returns whether {@link #load} may return an older position than the newest that was stored. */
  public boolean hasOneCopy() {
    return slots.hasOneCopy();
  }

  private LogAddress decode(MemorySegment record) {
    LogAddress position =
        new LogAddress(
            record.get(LittleEndian.U32, CACHE_SEG_ID_OFFSET),
            record.get(LittleEndian.U32, SEG_OFF_OFFSET));
    if (!position.isPossible(segments)) {
      throw new CorruptMediaException(
          "%s: position %d:%d found, a segment below %d and an aligned offset of at most %d expected"
              .formatted(
                  name,
                  Integer.toUnsignedLong(position.cacheSegId()),
                  Integer.toUnsignedLong(position.segOffsetBytes()),
                  segments,
                  LogAddress.MAX_SEG_OFFSET_BYTES));
    }
    return position;
  }

  /** Writes the position durably, with {@link Media#syncWithOthers}. */
  public void storeDurably(LogAddress position) {
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U32, CACHE_SEG_ID_OFFSET, position.cacheSegId());
    record.set(LittleEndian.U32, SEG_OFF_OFFSET, position.segOffsetBytes());
    slots.storeDurablyWithOthers(record);
  }
}
