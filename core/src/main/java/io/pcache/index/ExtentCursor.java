package io.pcache.index;

import io.pcache.block.BlockDevice;
import org.jspecify.annotations.Nullable;

/**
 * Walks the extents of one subtree in order. A cursor is reusable, so lookups allocate nothing.
 * {@link ExtentIndex#seek} sets it. It is valid only while the caller holds the lock from that
 * call.
 */
public final class ExtentCursor {
  private static final long[] NOTHING = {};

  private long subtreeOffsetBytes;
  private long[] extents = NOTHING;
  private long @Nullable [] sourceKeys;
  private int at;
  private int count;

  void reset(
      long newSubtreeOffsetBytes,
      long[] newExtents,
      long @Nullable [] newSourceKeys,
      int newAt,
      int newCount) {
    subtreeOffsetBytes = newSubtreeOffsetBytes;
    extents = newExtents;
    sourceKeys = newSourceKeys;
    at = newAt;
    count = newCount;
  }

  /** Whether the cursor is at an extent. */
  public boolean isValid() {
    return at < count;
  }

  /** Moves to the next extent of the subtree. */
  public void next() {
    at++;
  }

  /** Logical start in bytes. */
  public long offsetBytes() {
    return subtreeOffsetBytes + (long) Extent.sector(extents[at]) * BlockDevice.SECTOR_BYTES;
  }

  /** Logical end in bytes, exclusive. */
  public long endBytes() {
    return subtreeOffsetBytes + (long) Extent.endSector(extents[at]) * BlockDevice.SECTOR_BYTES;
  }

  /** The segment that holds the bytes. */
  public int cacheSegId() {
    return Extent.cacheSegId(extents[at]);
  }

  /** The start of the bytes in the segment's data area. */
  public int segOffsetBytes() {
    return Extent.segSector(extents[at]) * BlockDevice.SECTOR_BYTES;
  }

  /** Whether the backing device holds the same bytes. */
  public boolean isClean() {
    return Extent.isClean(extents[at]);
  }

  /**
   * The start of the whole key in the segment's data area, in bytes. Only valid if the index has
   * source keys.
   */
  public int keySegOffsetBytes() {
    return SourceKey.segSector(sourceKey()) * BlockDevice.SECTOR_BYTES;
  }

  /** The length of the whole key in bytes. Only valid if the index has source keys. */
  public int keyLengthBytes() {
    return SourceKey.lengthSectors(sourceKey()) * BlockDevice.SECTOR_BYTES;
  }

  /** The checksum of the whole key. Only valid if the index has source keys. */
  public int keyDataCrc() {
    return SourceKey.dataCrc(sourceKey());
  }

  private long sourceKey() {
    return sourceKeys == null ? 0 : sourceKeys[at];
  }
}
