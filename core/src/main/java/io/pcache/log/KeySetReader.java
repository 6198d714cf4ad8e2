package io.pcache.log;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;

/**
 * Reads one key set at a time into a private copy. It validates the header, the bounds, the
 * checksum and every key there. So users of the keys need no further checks.
 *
 * <p>Thread-safety: one thread; each agent has its own reader.
 */
public final class KeySetReader {
  /** The result of reading at a position. */
  public enum Found {
    /** A key set with keys. */
    KEYS,
    /** A LAST key set; the log continues in {@link #nextCacheSegId()}. */
    LAST,
    /** No valid key set. */
    NOTHING
  }

  private final Media media;
  private final SegmentChain chain;
  private final KeyBounds bounds;
  private final MemorySegment copy =
      MemorySegment.ofArray(new long[KeySetRecord.sizeBytes(KeySetRecord.MAX_KEYS) / Long.BYTES]);
  private int keyCount;

  /**
   * Creates a reader.
   *
   * @param deviceBytes size of the logical device, the bound of every key
   */
  public KeySetReader(Media media, SegmentChain chain, long deviceBytes) {
    this.media = media;
    this.chain = chain;
    this.bounds = new KeyBounds(chain.segments(), deviceBytes);
  }

  /**
   * Reads and validates the key set at a position.
   *
   * @throws CorruptMediaException if a valid checksum covers impossible values
   */
  public Found read(LogAddress position) {
    long room = (long) MediaLayout.DATA_AREA_BYTES - position.segOffsetBytes();
    long size = Math.min(room, copy.byteSize());
    long at = chain.dataOffset(position.cacheSegId()) + position.segOffsetBytes();
    copyIn(at, size);
    keyCount = 0;
    if (!KeySetRecord.isValid(copy, 0, size)) {
      return Found.NOTHING;
    }
    if (KeySetRecord.isLast(copy, 0)) {
      checkNextSegment(position);
      return Found.LAST;
    }
    keyCount = KeySetRecord.keyCountOrNextSegment(copy, 0);
    checkRoomBehind(position);
    checkKeys(position);
    return Found.KEYS;
  }

  /**
   * Like {@link #read}, but also returns {@link Found#NOTHING} for impossible values under a valid
   * checksum.
   */
  public Found readIfIntact(LogAddress position) {
    try {
      return read(position);
    } catch (CorruptMediaException e) {
      keyCount = 0;
      return Found.NOTHING;
    }
  }

  /**
   * Copies the header, then only as many keys as it announces. Most key sets are far smaller than
   * the largest.
   */
  private void copyIn(long at, long sizeBytes) {
    long header = Math.min(sizeBytes, KeySetRecord.HEADER_BYTES);
    MemorySegment.copy(media.view(), at, copy, 0, header);
    if (header < KeySetRecord.HEADER_BYTES) {
      return;
    }
    int keys =
        Math.clamp(
            Integer.toUnsignedLong(KeySetRecord.keyCountOrNextSegment(copy, 0)),
            0,
            KeySetRecord.MAX_KEYS);
    long wanted = Math.min(sizeBytes, KeySetRecord.sizeBytes(keys));
    MemorySegment.copy(media.view(), at + header, copy, header, wanted - header);
  }

  private void checkNextSegment(LogAddress position) {
    int next = KeySetRecord.keyCountOrNextSegment(copy, 0);
    if (next < 0 || next >= chain.segments()) {
      throw new CorruptMediaException(
          "LAST key set at %s: next segment %d found, below %d expected"
              .formatted(position, Integer.toUnsignedLong(next), chain.segments()));
    }
  }

  /** A header must fit behind the key set. Otherwise nothing could be appended there. */
  private void checkRoomBehind(LogAddress position) {
    int end = position.segOffsetBytes() + sizeBytes();
    if (end > LogAddress.MAX_SEG_OFFSET_BYTES) {
      throw new CorruptMediaException(
          "key set at %s: ends at %d, at most %d expected, for a header to follow"
              .formatted(position, end, LogAddress.MAX_SEG_OFFSET_BYTES));
    }
  }

  private void checkKeys(LogAddress position) {
    for (int i = 0; i < keyCount; i++) {
      String wrong = bounds.wrongWith(copy, KeySetRecord.keyOffset(i));
      if (!wrong.isEmpty()) {
        throw new CorruptMediaException(
            "key " + i + " of the key set at " + position + ": " + wrong);
      }
    }
  }

  /** Returns the number of keys in the key set. */
  public int keyCount() {
    return keyCount;
  }

  /** Returns the key set's size on media, in bytes. */
  public int sizeBytes() {
    return KeySetRecord.sizeBytes(keyCount);
  }

  /**
   * Returns the private copy. {@link KeyRecord} reads keys from it at {@link
   * KeySetRecord#keyOffset}.
   */
  public MemorySegment bytes() {
    return copy;
  }

  /** Returns the segment in which the log continues after a LAST key set. */
  public int nextCacheSegId() {
    return KeySetRecord.keyCountOrNextSegment(copy, 0);
  }

  /** Returns the position behind the key set that was read at {@code position}. */
  public LogPosition after(LogPosition position, Found found) {
    return found == Found.LAST
        ? position.startOfNext(nextCacheSegId())
        : position.at(position.segOffsetBytes() + sizeBytes());
  }
}
