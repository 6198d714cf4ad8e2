package io.pcache.log;

/** Where the log gets its next segment from. */
@FunctionalInterface
public interface LogSegments {
  /**
   * Takes a segment out of the reserve that belongs to the log. Its data area is zero.
   *
   * @return its cache_seg_id
   */
  int takeForLog();
}
