package io.pcache.log;

import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LittleEndian;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import java.util.function.IntToLongFunction;

/**
 * Interprets the end of a walk, a position without a valid key set. The table:
 *
 * <pre>
 *   header at the end │ valid key sets beyond │ last writer │ meaning
 *   ──────────────────┼───────────────────────┼─────────────┼────────────────────────────────────────
 *   ZERO              │ any                   │ any         │ CLEAN: the log ends here
 *   PARTIAL           │ any                   │ PCACHE      │ TORN: a batch that never was published
 *   PARTIAL           │ no                    │ UNKNOWN     │ TORN
 *   PARTIAL           │ yes                   │ UNKNOWN     │ DAMAGED
 *   OTHER             │ any                   │ PCACHE      │ DAMAGED: pcache writes the first header last
 *   OTHER             │ no                    │ UNKNOWN     │ TORN: the kernel writes header and keys at once
 *   OTHER             │ yes                   │ UNKNOWN     │ DAMAGED
 * </pre>
 *
 * <p>ZERO is a header of 24 zero bytes. PARTIAL is a header with some 8-byte words in place and the
 * others still zero, as a power cut leaves it. In a header with keys, the first word or the magic
 * is missing. In a LAST header it may also be the flags alone.
 */
public final class LogEnd {
  /** The state of the 24 bytes at the end. */
  public enum Header {
    /** All zero. */
    ZERO,
    /** A header with some words missing. */
    PARTIAL,
    /** Anything else. */
    OTHER
  }

  /** The last writer of the log, as far as the cache's identity record shows. */
  public enum Writer {
    /** pcache, which writes the first header of a batch last. */
    PCACHE,
    /** Possibly the kernel. */
    UNKNOWN
  }

  /** The interpretation of the end. */
  public enum Meaning {
    /** An orderly end. */
    CLEAN,
    /** A crash truncated a batch that was never acknowledged. */
    TORN,
    /** A part of the log has become unreadable. */
    DAMAGED
  }

  private LogEnd() {}

  /** Applies the table in the class comment. */
  public static Meaning decide(Header header, boolean validBeyond, Writer writer) {
    return switch (header) {
      case ZERO -> Meaning.CLEAN;
      case PARTIAL -> writer == Writer.UNKNOWN && validBeyond ? Meaning.DAMAGED : Meaning.TORN;
      case OTHER -> writer == Writer.PCACHE || validBeyond ? Meaning.DAMAGED : Meaning.TORN;
    };
  }

  /** Classifies the header at a position. */
  public static Header classify(Media media, SegmentChain chain, LogAddress position) {
    if (MediaLayout.DATA_AREA_BYTES - position.segOffsetBytes() < KeySetRecord.HEADER_BYTES) {
      return Header.OTHER;
    }
    long at = chain.dataOffset(position.cacheSegId()) + position.segOffsetBytes();
    long first = media.view().get(LittleEndian.U64, at);
    long magic = media.view().get(LittleEndian.U64, at + KeySetRecord.MAGIC_OFFSET);
    long flags = media.view().get(LittleEndian.U64, at + KeySetRecord.FLAGS_OFFSET);
    if ((first | magic | flags) == 0) {
      return Header.ZERO;
    }
    boolean plausible =
        (magic == 0 || magic == KeySetRecord.MAGIC)
            && (flags == 0 || flags == KeySetRecord.LAST_FLAG);
    boolean partial = plausible && (first == 0 || magic == 0 || isLastWithoutFlag(media, at));
    return partial ? Header.PARTIAL : Header.OTHER;
  }

  /**
   * Returns whether only the flags of a LAST header are missing. A header with keys has no flags,
   * so it cannot lack them.
   */
  private static boolean isLastWithoutFlag(Media media, long at) {
    MemorySegment copy = MemorySegment.ofArray(new long[KeySetRecord.HEADER_BYTES / Long.BYTES]);
    MemorySegment.copy(media.view(), at, copy, 0, KeySetRecord.HEADER_BYTES);
    copy.set(LittleEndian.U64, KeySetRecord.FLAGS_OFFSET, KeySetRecord.LAST_FLAG);
    return KeySetRecord.isValid(copy, 0, KeySetRecord.HEADER_BYTES);
  }

  /**
   * Counts the valid key sets in the rest of the segment, and their keys. A key set does not count
   * if a key has an older generation than its data segment, or names an impossible one. It is a
   * leftover from an earlier use of this log segment.
   *
   * @param generations the current generation of each segment
   */
  public static Beyond scanBeyond(
      Media media, SegmentChain chain, LogAddress position, IntToLongFunction generations) {
    MemorySegment area =
        media.view().asSlice(chain.dataOffset(position.cacheSegId()), MediaLayout.DATA_AREA_BYTES);
    int keySets = 0;
    long keys = 0;
    long at = position.segOffsetBytes() + (long) Long.BYTES;
    while (at + KeySetRecord.HEADER_BYTES <= MediaLayout.DATA_AREA_BYTES) {
      if (!KeySetRecord.isValid(area, at, MediaLayout.DATA_AREA_BYTES - at)) {
        at += Long.BYTES;
        continue;
      }
      int n = KeySetRecord.isLast(area, at) ? 0 : KeySetRecord.keyCountOrNextSegment(area, at);
      if (isCurrent(area, at, n, chain.segments(), generations)) {
        keySets++;
        keys += n;
      }
      at += KeySetRecord.sizeBytes(n);
    }
    return new Beyond(keySets, keys);
  }

  private static boolean isCurrent(
      MemorySegment area, long at, int keys, int segments, IntToLongFunction generations) {
    for (int i = 0; i < keys; i++) {
      long key = at + KeySetRecord.keyOffset(i);
      int segment = KeyRecord.cacheSegId(area, key);
      if (segment < 0
          || segment >= segments
          || KeyRecord.segGen(area, key) < generations.applyAsLong(segment)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Key sets beyond the end of a walk.
   *
   * @param keySets number of valid key sets
   * @param keys number of keys in them
   */
  public record Beyond(int keySets, long keys) {
    /** No key sets. */
    public static final Beyond NOTHING = new Beyond(0, 0);
  }
}
