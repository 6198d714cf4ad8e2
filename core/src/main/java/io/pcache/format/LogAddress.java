package io.pcache.format;

/**
 * A place in the log.
 *
 * @param cacheSegId position of the segment in the chain, 0 to n_segs − 1
 * @param segOffsetBytes offset in the segment's data area, 0 to {@link #MAX_SEG_OFFSET_BYTES}
 */
public record LogAddress(int cacheSegId, int segOffsetBytes) {
  /**
   * The last offset, 16,764,904: the log goes on at a position, or ends at it, with a header at
   * least. Whoever appends keeps that much room, for the LAST key set that leads to the next
   * segment.
   */
  public static final int MAX_SEG_OFFSET_BYTES =
      MediaLayout.DATA_AREA_BYTES - KeySetRecord.HEADER_BYTES;

  /** Whether it can be a border of key sets in a log of so many segments. */
  public boolean isPossible(int segments) {
    return cacheSegId >= 0
        && cacheSegId < segments
        && segOffsetBytes >= 0
        && segOffsetBytes <= MAX_SEG_OFFSET_BYTES
        && segOffsetBytes % Long.BYTES == 0;
  }

  /** The form that dm-pcache's status line uses. */
  @Override
  public String toString() {
    return cacheSegId + ":" + segOffsetBytes;
  }
}
