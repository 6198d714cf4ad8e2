package io.pcache.format;

import java.lang.foreign.MemorySegment;

/**
 * A key in memory: which bytes of which segment hold a range of the logical device. It is made once
 * and filled again and again, so that whoever handles many makes no garbage. Its form on the media
 * is {@link KeyRecord}.
 *
 * <p>Thread-safety: none.
 */
public final class Key {
  private long offsetBytes;
  private int lengthBytes;
  private int cacheSegId;
  private int segOffsetBytes;
  private long generation;
  private boolean clean;
  private int dataCrc;

  /** All zero. */
  public Key() {}

  /**
   * Says which range of the logical device it holds.
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
   * Says where the bytes are.
   *
   * @param newCacheSegId the segment
   * @param newSegOffsetBytes where in its data area
   */
  public Key place(int newCacheSegId, int newSegOffsetBytes) {
    cacheSegId = newCacheSegId;
    segOffsetBytes = newSegOffsetBytes;
    return this;
  }

  /** Says which generation of its segment it names. */
  public Key generation(long newGeneration) {
    generation = newGeneration;
    return this;
  }

  /** Says whether the backing device has the same bytes. */
  public Key clean(boolean nowClean) {
    clean = nowClean;
    return this;
  }

  /** Says what checksum the bytes have; without meaning where the cache keeps none. */
  public Key dataCrc(int newDataCrc) {
    dataCrc = newDataCrc;
    return this;
  }

  /** Takes over the key whose record lies at {@code at}. */
  public Key load(MemorySegment keys, long at) {
    return range(KeyRecord.off(keys, at), KeyRecord.len(keys, at))
        .place(KeyRecord.cacheSegId(keys, at), KeyRecord.cacheSegOff(keys, at))
        .generation(KeyRecord.segGen(keys, at))
        .clean(KeyRecord.isClean(keys, at))
        .dataCrc(KeyRecord.dataCrc(keys, at));
  }

  /** Writes the key's record at {@code at}. */
  public void store(MemorySegment keys, long at) {
    int flags = clean ? KeyRecord.CLEAN_FLAG : 0;
    KeyRecord.put(
        keys, at, offsetBytes, lengthBytes, flags, cacheSegId, segOffsetBytes, generation, dataCrc);
  }

  /** Logical start, in bytes. */
  public long offsetBytes() {
    return offsetBytes;
  }

  /** Length, in bytes. */
  public int lengthBytes() {
    return lengthBytes;
  }

  /** Logical end, in bytes. */
  public long endBytes() {
    return offsetBytes + lengthBytes;
  }

  /** The segment that holds the bytes. */
  public int cacheSegId() {
    return cacheSegId;
  }

  /** Where in that segment's data area the bytes begin. */
  public int segOffsetBytes() {
    return segOffsetBytes;
  }

  /** The segment's generation when the key was made. */
  public long generation() {
    return generation;
  }

  /** Whether the backing device has the same bytes. */
  public boolean isClean() {
    return clean;
  }

  /** Checksum of the bytes. */
  public int dataCrc() {
    return dataCrc;
  }
}
