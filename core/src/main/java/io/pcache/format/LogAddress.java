package io.pcache.format;

/**
 * An address in the log, as the media store it.
 *
 * @param cacheSegId index of the segment in the chain, 0 to n_segs − 1
 * @param segOffsetBytes offset in the segment's data area, 0 to {@link #MAX_SEG_OFFSET_BYTES}
 */
public record LogAddress(int cacheSegId, int segOffsetBytes) {
  /**
   * The last possible offset, 16,764,904. Every position in the log is followed by at least a
   * header, whether the log continues or ends there. Writers keep that room for the LAST key set
   * that leads to the next segment.
   */
  public static final int MAX_SEG_OFFSET_BYTES =
      MediaLayout.DATA_AREA_BYTES - KeySetRecord.HEADER_BYTES;

  /** Returns whether this can be a key set boundary in a log of so many segments. */
  public boolean isPossible(int segments) {
    return cacheSegId >= 0
        && cacheSegId < segments
        && segOffsetBytes >= 0
        && segOffsetBytes <= MAX_SEG_OFFSET_BYTES
        && segOffsetBytes % Long.BYTES == 0;
  }

  /** Returns the form that dm-pcache's status line uses. */
  @Override
  public String toString() {
    return cacheSegId + ":" + segOffsetBytes;
  }
}
