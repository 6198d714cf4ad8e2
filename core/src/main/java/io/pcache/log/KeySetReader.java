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
 * Reads one key set at a time into a private copy and validates it there, header, bounds, checksum
 * and every key, so that whoever uses its keys need not check anything again.
 *
 * <p>Thread-safety: one thread; every agent has its own.
 */
public final class KeySetReader {
  /** What lies at a position. */
  public enum Found {
    /** A key set with keys. */
    KEYS,
    /** A LAST key set: the log goes on in {@link #nextCacheSegId()}. */
    LAST,
    /** Nothing that is valid. */
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
   * Reads what lies at a position.
   *
   * @throws CorruptMediaException where a valid checksum covers values that cannot be
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

  /** {@link #read}, with impossible values under a valid checksum taken for nothing as well. */
  public Found readIfIntact(LogAddress position) {
    try {
      return read(position);
    } catch (CorruptMediaException e) {
      keyCount = 0;
      return Found.NOTHING;
    }
  }

  /**
   * Copies the header, then as much of the keys as it asks for: most key sets are far smaller than
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

  /** Where the log goes on or ends, a header has to fit: nobody could append there otherwise. */
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

  /** How many keys the key set has. */
  public int keyCount() {
    return keyCount;
  }

  /** The key set's size on media in bytes. */
  public int sizeBytes() {
    return KeySetRecord.sizeBytes(keyCount);
  }

  /**
   * The private copy; keys are read from it with {@link KeyRecord} at {@link
   * KeySetRecord#keyOffset}.
   */
  public MemorySegment bytes() {
    return copy;
  }

  /** Where the log goes on after a LAST key set. */
  public int nextCacheSegId() {
    return KeySetRecord.keyCountOrNextSegment(copy, 0);
  }

  /** The position after what was read at {@code position}. */
  public LogPosition after(LogPosition position, Found found) {
    return found == Found.LAST
        ? position.startOfNext(nextCacheSegId())
        : position.at(position.segOffsetBytes() + sizeBytes());
  }
}
