package io.pcache.format;

import io.pcache.media.MemoryRecord;
import java.lang.foreign.MemorySegment;

/**
 * A key in memory: a range of the logical device, and the segment bytes that hold it. An instance
 * is created once and refilled many times, so bulk processing creates no garbage. Its on-media form
 * is {@link KeyRecord}.
 *
 * <p>Thread-safety: none.
 */
public final class Key implements MemoryRecord {
  private long offsetBytes;
  private int lengthBytes;
  private int cacheSegId;
  private int segOffsetBytes;
  private long generation;
  private int flags;
  private int dataCrc;

  /** Creates a key whose fields are all zero. */
  public Key() {}

  /**
   * Sets the range of the logical device.
   *
   * @param newOffsetBytes logical start, a multiple of 512
   * @param newLengthBytes a multiple of 512 above 0
   */
  public Key range(long newOffsetBytes, int newLengthBytes) {
    offsetBytes = newOffsetBytes;
    lengthBytes = newLengthBytes;
    return this;
  }

  /**
   * Sets the place of the bytes.
   *
   * @param newCacheSegId the segment
   * @param newSegOffsetBytes offset in its data area
   */
  public Key place(int newCacheSegId, int newSegOffsetBytes) {
    cacheSegId = newCacheSegId;
    segOffsetBytes = newSegOffsetBytes;
    return this;
  }

  /** Sets the generation of the segment. */
  public Key generation(long newGeneration) {
    generation = newGeneration;
    return this;
  }

  /** Sets whether the backing device has the same bytes. */
  public Key clean(boolean nowClean) {
    flags = nowClean ? KeyRecord.CLEAN_FLAG : 0;
    return this;
  }

  /** Sets the flags of the record, whether or not they make sense. */
  public Key flags(int newFlags) {
    flags = newFlags;
    return this;
  }

  /** Sets the checksum of the bytes; meaningless if the cache has no data checksums. */
  public Key dataCrc(int newDataCrc) {
    dataCrc = newDataCrc;
    return this;
  }

  /** Fills this key from the record at {@code at}. Of the flags only CLEAN counts. */
  public Key load(MemorySegment keys, long at) {
    return range(KeyRecord.off(keys, at), KeyRecord.len(keys, at))
        .place(KeyRecord.cacheSegId(keys, at), KeyRecord.cacheSegOff(keys, at))
        .generation(KeyRecord.segGen(keys, at))
        .flags(KeyRecord.flags(keys, at) & KeyRecord.CLEAN_FLAG)
        .dataCrc(KeyRecord.dataCrc(keys, at));
  }

  /** Writes the key's record at {@code at}, setting all 40 bytes. */
  @Override
  public void store(MemorySegment keys, long at) {
    keys.set(LittleEndian.U64, at + KeyRecord.OFF_OFFSET, offsetBytes);
    keys.set(LittleEndian.U32, at + KeyRecord.LEN_OFFSET, lengthBytes);
    keys.set(LittleEndian.U32, at + KeyRecord.FLAGS_OFFSET, flags);
    keys.set(LittleEndian.U32, at + KeyRecord.CACHE_SEG_ID_OFFSET, cacheSegId);
    keys.set(LittleEndian.U32, at + KeyRecord.CACHE_SEG_OFF_OFFSET, segOffsetBytes);
    keys.set(LittleEndian.U64, at + KeyRecord.SEG_GEN_OFFSET, generation);
    keys.set(LittleEndian.U32, at + KeyRecord.DATA_CRC_OFFSET, dataCrc);
    keys.set(LittleEndian.U32, at + KeyRecord.RESERVED_OFFSET, 0);
  }

  /** Returns the logical start, in bytes. */
  public long offsetBytes() {
    return offsetBytes;
  }

  /** Returns the length, in bytes. */
  public int lengthBytes() {
    return lengthBytes;
  }

  /** Returns the logical end, exclusive, in bytes. */
  public long endBytes() {
    return offsetBytes + lengthBytes;
  }

  /** Returns the segment that holds the bytes. */
  public int cacheSegId() {
    return cacheSegId;
  }

  /** Returns the offset of the bytes in that segment's data area. */
  public int segOffsetBytes() {
    return segOffsetBytes;
  }

  /** Returns the segment's generation when the key was made. */
  public long generation() {
    return generation;
  }

  /** Returns whether the backing device has the same bytes. */
  public boolean isClean() {
    return (flags & KeyRecord.CLEAN_FLAG) != 0;
  }

  /** Returns the checksum of the bytes. */
  public int dataCrc() {
    return dataCrc;
  }
}
