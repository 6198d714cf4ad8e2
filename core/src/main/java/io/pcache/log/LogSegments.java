package io.pcache.log;

/** Supplies the log with its next segment. */
@FunctionalInterface
public interface LogSegments {
  /**
   * Takes a segment from the log reserve. Its data area is zero.
   *
   * @return its cache_seg_id
   */
  int takeForLog();
}
