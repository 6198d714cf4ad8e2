package io.pcache.index;

import io.pcache.block.BlockDevice;
import org.jspecify.annotations.Nullable;

/**
 * Walks the extents of one subtree in order. Reusable, so that lookups allocate nothing; valid only
 * while the caller holds the lock under which it was set by {@link ExtentIndex#seek}.
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

  /** Whether the cursor stands on an extent. */
  public boolean isValid() {
    return at < count;
  }

  /** Goes on to the next extent of the subtree. */
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

  /** Where in its data area they start. */
  public int segOffsetBytes() {
    return Extent.segSector(extents[at]) * BlockDevice.SECTOR_BYTES;
  }

  /** Whether the backing device holds the same bytes. */
  public boolean isClean() {
    return Extent.isClean(extents[at]);
  }

  /** Where the whole key starts in the data area; only with sourceKeys. */
  public int keySegOffsetBytes() {
    return SourceKey.segSector(sourceKey()) * BlockDevice.SECTOR_BYTES;
  }

  /** The whole key's length in bytes; only with sourceKeys. */
  public int keyLengthBytes() {
    return SourceKey.lengthSectors(sourceKey()) * BlockDevice.SECTOR_BYTES;
  }

  /** The checksum of the whole key; only with sourceKeys. */
  public int keyDataCrc() {
    return SourceKey.dataCrc(sourceKey());
  }

  private long sourceKey() {
    return sourceKeys == null ? 0 : sourceKeys[at];
  }
}
