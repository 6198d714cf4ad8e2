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
 * Decides what it means that a walk found no valid key set at a position. The table:
 *
 * <pre>
 *   header at the end │ valid key sets beyond │ last writer │ meaning
 *   ──────────────────┼───────────────────────┼─────────────┼────────────────────────────────────────
 *   ZERO              │ any                   │ any         │ CLEAN: the log ends here
 *   PARTIAL           │ any                   │ PCACHE      │ TORN: a batch that never was published
 *   PARTIAL           │ no                    │ UNKNOWN     │ TORN
 *   PARTIAL           │ yes                   │ UNKNOWN     │ DAMAGED
 *   OTHER             │ any                   │ PCACHE      │ DAMAGED: a header is the last thing we write
 *   OTHER             │ no                    │ UNKNOWN     │ TORN: the kernel writes header and keys at once
 *   OTHER             │ yes                   │ UNKNOWN     │ DAMAGED
 * </pre>
 *
 * <p>ZERO is a header of 24 zero bytes; PARTIAL one of which some 8-byte words are in place and the
 * others still zero, as a power cut leaves it. With keys that is the first word or the magic; of a
 * LAST header it may also be everything but the flags.
 */
public final class LogEnd {
  /** What the 24 bytes at the end look like. */
  public enum Header {
    /** All zero. */
    ZERO,
    /** A header of which words are missing. */
    PARTIAL,
    /** Anything else. */
    OTHER
  }

  /** Who appended to the log last, as far as the cache's identity record tells. */
  public enum Writer {
    /** This program, which writes a batch's first header last. */
    PCACHE,
    /** The kernel, possibly. */
    UNKNOWN
  }

  /** What the end means. */
  public enum Meaning {
    /** An orderly end. */
    CLEAN,
    /** A crash cut off what was never acknowledged. */
    TORN,
    /** Something that was in the log is unreadable. */
    DAMAGED
  }

  private LogEnd() {}

  /** The table above. */
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
   * Whether only the flags are missing of a LAST header. A header with keys has no flags, so there
   * nothing can be missing when the other words are in place.
   */
  private static boolean isLastWithoutFlag(Media media, long at) {
    MemorySegment copy = MemorySegment.ofArray(new long[KeySetRecord.HEADER_BYTES / Long.BYTES]);
    MemorySegment.copy(media.view(), at, copy, 0, KeySetRecord.HEADER_BYTES);
    copy.set(LittleEndian.U64, KeySetRecord.FLAGS_OFFSET, KeySetRecord.LAST_FLAG);
    return KeySetRecord.isValid(copy, 0, KeySetRecord.HEADER_BYTES);
  }

  /**
   * Counts valid key sets in the rest of the segment, and the keys in them. A key set with a key
   * older than its segment's generation was left there by an earlier life of this segment and does
   * not count.
   *
   * @param generations each segment's current generation
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
   * What lies beyond the end of a walk.
   *
   * @param keySets valid key sets
   * @param keys keys in them
   */
  public record Beyond(int keySets, long keys) {
    /** Nothing. */
    public static final Beyond NOTHING = new Beyond(0, 0);
  }
}
