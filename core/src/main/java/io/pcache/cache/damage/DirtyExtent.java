package io.pcache.cache.damage;

import io.pcache.cache.segment.Geometry;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentCursor;

/**
 * An extent that the backing device does not have yet, as the index knew it.
 *
 * @param offsetBytes logical start
 * @param lengthBytes length
 * @param cacheSegId the segment
 * @param segOffsetBytes where in its data area
 * @param keySegOffsetBytes where there the whole key starts; only with data checksums
 * @param keyLengthBytes the whole key's length; only with data checksums
 * @param keyDataCrc the whole key's checksum; only with data checksums
 */
public record DirtyExtent(
    long offsetBytes,
    int lengthBytes,
    int cacheSegId,
    int segOffsetBytes,
    int keySegOffsetBytes,
    int keyLengthBytes,
    int keyDataCrc) {

  /** The extent under a cursor. */
  public static DirtyExtent at(ExtentCursor cursor) {
    return new DirtyExtent(
        cursor.offsetBytes(),
        (int) (cursor.endBytes() - cursor.offsetBytes()),
        cursor.cacheSegId(),
        cursor.segOffsetBytes(),
        cursor.keySegOffsetBytes(),
        cursor.keyLengthBytes(),
        cursor.keyDataCrc());
  }

  /** Sorts extents by where their bytes lie. */
  static long placeBytes(int cacheSegId, int segOffsetBytes) {
    return (long) cacheSegId * MediaLayout.SEGMENT_BYTES + segOffsetBytes;
  }

  /** This one's place. */
  long placeBytes() {
    return placeBytes(cacheSegId, segOffsetBytes);
  }

  /** Whether the bytes match their checksum, where there is one. */
  public boolean isIntact(Geometry geometry) {
    return !geometry.dataCrc()
        || geometry.matches(cacheSegId, keySegOffsetBytes, keyLengthBytes, keyDataCrc);
  }
}
