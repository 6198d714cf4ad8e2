package io.pcache.format;

/**
 * A place in the log.
 *
 * @param cacheSegId position of the segment in the chain, 0 to n_segs − 1
 * @param segOffsetBytes offset in the segment's data area, 0 to 16,764,928
 */
public record LogPosition(int cacheSegId, int segOffsetBytes) {
  /** The form that dm-pcache's status line uses. */
  @Override
  public String toString() {
    return cacheSegId + ":" + segOffsetBytes;
  }
}
