package io.pcache.cache.damage;

import io.pcache.cache.segment.Geometry;
import io.pcache.format.Key;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentCursor;

/**
 * An extent that the backing device does not have yet, as recorded in the index.
 *
 * @param offsetBytes logical start
 * @param lengthBytes length
 * @param cacheSegId the segment
 * @param segOffsetBytes offset in the segment's data area
 * @param keySegOffsetBytes start of the source key in that data area; only with data checksums
 * @param keyLengthBytes length of the source key; only with data checksums
 * @param keyDataCrc checksum of the source key; only with data checksums
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

  /** A sort key for extents: the place of their bytes on the cache device. */
  static long placeBytes(int cacheSegId, int segOffsetBytes) {
    return (long) cacheSegId * MediaLayout.SEGMENT_BYTES + segOffsetBytes;
  }

  /** The place of this extent's bytes. */
  long placeBytes() {
    return placeBytes(cacheSegId, segOffsetBytes);
  }

  /** Whether the bytes match their checksum; true if they have none. */
  public boolean isIntact(Geometry geometry) {
    return !geometry.dataCrc()
        || geometry.matches(
            new Key()
                .range(offsetBytes, keyLengthBytes)
                .place(cacheSegId, keySegOffsetBytes)
                .dataCrc(keyDataCrc));
  }
}
