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
  private boolean clean;
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
    clean = nowClean;
    return this;
  }

  /** Sets the checksum of the bytes; meaningless if the cache has no data checksums. */
  public Key dataCrc(int newDataCrc) {
    dataCrc = newDataCrc;
    return this;
  }

  /** Fills this key from the record at {@code at}. */
  public Key load(MemorySegment keys, long at) {
    return range(KeyRecord.off(keys, at), KeyRecord.len(keys, at))
        .place(KeyRecord.cacheSegId(keys, at), KeyRecord.cacheSegOff(keys, at))
        .generation(KeyRecord.segGen(keys, at))
        .clean(KeyRecord.isClean(keys, at))
        .dataCrc(KeyRecord.dataCrc(keys, at));
  }

  /** Writes the key's record at {@code at}. */
  @Override
  public void store(MemorySegment keys, long at) {
    int flags = clean ? KeyRecord.CLEAN_FLAG : 0;
    KeyRecord.put(
        keys, at, offsetBytes, lengthBytes, flags, cacheSegId, segOffsetBytes, generation, dataCrc);
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
    return clean;
  }

  /** Returns the checksum of the bytes. */
  public int dataCrc() {
    return dataCrc;
  }
}
