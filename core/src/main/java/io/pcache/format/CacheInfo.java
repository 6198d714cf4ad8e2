package io.pcache.format;

import io.pcache.error.BadOptionException;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * cache_info: the parameters that a cache was formatted with, and its gc_percent. Two slots at 8
 * KiB and 12 KiB.
 *
 * <pre>
 *   0      4     5     6       8        12       16       20       24
 *   ├──────┼─────┼─────┼───────┼────────┼────────┼────────┼────────┤
 *   │ crc  │ seq │ ver │ resv  │ seg_id │ n_segs │ flags  │ resv   │
 *   └──────┴─────┴─────┴───────┴────────┴────────┴────────┴────────┘
 *   flags: bit 0 DATA_CRC · bit 1 INIT_DONE · bits 5:2 cache mode · bits 12:6 gc_percent
 * </pre>
 *
 * @param segId u32, physical number of the chain's first segment
 * @param segments u32 n_segs
 * @param flags u32
 */
public record CacheInfo(int segId, int segments, int flags) {
  /** u32 seg_id. */
  public static final int SEG_ID_OFFSET = 8;

  /** u32 n_segs. */
  public static final int N_SEGS_OFFSET = 12;

  /** u32 flags. */
  public static final int FLAGS_OFFSET = 16;

  /** The gc_percent of a fresh cache. */
  public static final int DEFAULT_GC_PERCENT = 70;

  /** The highest gc_percent. */
  public static final int MAX_GC_PERCENT = 90;

  /** The range of gc_percent, for messages. */
  public static final String GC_PERCENT_RANGE = "0 to " + MAX_GC_PERCENT;

  private static final int DATA_CRC_FLAG = 1;
  private static final int INIT_DONE_FLAG = 1 << 1;
  private static final int MODE_SHIFT = 2;
  private static final int MODE_MASK = 0xF;
  private static final int GC_PERCENT_SHIFT = 6;
  private static final int GC_PERCENT_MASK = 0x7F;

  /** Returns the record of a fresh cache whose segments are chained in physical order. */
  public static CacheInfo fresh(int segments, boolean dataCrc) {
    int flags =
        INIT_DONE_FLAG | (dataCrc ? DATA_CRC_FLAG : 0) | (DEFAULT_GC_PERCENT << GC_PERCENT_SHIFT);
    return new CacheInfo(0, segments, flags);
  }

  /**
   * Reads and checks cache_info.
   *
   * @throws CorruptMediaException if no slot is valid or a value is out of range
   * @throws UnsupportedFormatException if formatting never finished, or the mode is not write-back
   */
  public static CacheInfo load(Media media, Superblock superblock) {
    CacheInfo info =
        find(media)
            .orElseThrow(() ->
                new CorruptMediaException(
                    "cache_info: neither slot (bytes 8192 and 12288) has a valid checksum; 'pcache repair' says what can be restored"));
    info.check(superblock);
    return info;
  }

  /** Reads cache_info without checking its values; empty if no slot is valid. */
  public static Optional<CacheInfo> find(Media media) {
    return slots(media)
        .load()
        .map(record ->
            new CacheInfo(
                record.get(LittleEndian.U32, SEG_ID_OFFSET),
                record.get(LittleEndian.U32, N_SEGS_OFFSET),
                record.get(LittleEndian.U32, FLAGS_OFFSET)));
  }

  /**
   * Checks the values.
   *
   * @throws CorruptMediaException if a value is out of range
   * @throws UnsupportedFormatException if formatting never finished, or the mode is not write-back
   */
  public void check(Superblock superblock) {
    if ((flags & INIT_DONE_FLAG) == 0) {
      throw new UnsupportedFormatException(
          "cache_info: formatting of this cache never finished; nothing is in it, let the program that formats it finish");
    }
    int mode = (flags >>> MODE_SHIFT) & MODE_MASK;
    if (mode != 0) {
      throw new UnsupportedFormatException(
          "cache_info: cache mode " + mode + " found, only 0 (writeback) is supported");
    }
    if (segments != superblock.segNum()) {
      throw new CorruptMediaException(
          "cache_info: n_segs %d found, %d expected from the superblock"
              .formatted(Integer.toUnsignedLong(segments), superblock.segNum()));
    }
    if (segId < 0 || segId >= superblock.segNum()) {
      throw new CorruptMediaException(
          "cache_info: seg_id %d found, below %d expected"
              .formatted(Integer.toUnsignedLong(segId), superblock.segNum()));
    }
    if (!isInRange(gcPercent())) {
      throw new CorruptMediaException(
          "cache_info: gc_percent " + gcPercent() + " found, " + GC_PERCENT_RANGE + " expected");
    }
  }

  /** Returns whether keys carry a checksum of their data. */
  public boolean dataCrc() {
    return (flags & DATA_CRC_FLAG) != 0;
  }

  /** Returns the percentage of segments in use at which reclaiming starts. */
  public int gcPercent() {
    return (flags >>> GC_PERCENT_SHIFT) & GC_PERCENT_MASK;
  }

  /**
   * Checks a requested gc_percent.
   *
   * @throws BadOptionException if it is not 0 to {@link #MAX_GC_PERCENT}
   */
  public static void checkGcPercent(int gcPercent) {
    if (!isInRange(gcPercent)) {
      throw new BadOptionException(
          "gc_percent " + gcPercent + " is out of range; give " + GC_PERCENT_RANGE);
    }
  }

  private static boolean isInRange(int gcPercent) {
    return gcPercent >= 0 && gcPercent <= MAX_GC_PERCENT;
  }

  /** Returns a copy with another gc_percent, which has passed {@link #checkGcPercent}. */
  public CacheInfo withGcPercent(int gcPercent) {
    int cleared = flags & ~(GC_PERCENT_MASK << GC_PERCENT_SHIFT);
    return new CacheInfo(segId, segments, cleared | (gcPercent << GC_PERCENT_SHIFT));
  }

  /** Writes this record durably. */
  public void storeDurably(Media media) {
    TwoSlot slots = slots(media);
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U32, SEG_ID_OFFSET, segId);
    record.set(LittleEndian.U32, N_SEGS_OFFSET, segments);
    record.set(LittleEndian.U32, FLAGS_OFFSET, flags);
    slots.storeDurably(record);
  }

  /** Returns the record's two slots on the media. */
  public static TwoSlot slots(Media media) {
    return new TwoSlot(media, TwoSlotLayout.CACHE_INFO, MediaLayout.CACHE_INFO_OFFSET);
  }
}
