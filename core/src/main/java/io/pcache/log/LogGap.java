package io.pcache.log;

import io.pcache.format.KeySetRecord;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;

/**
 * Finds where the log goes on behind key sets that are not readable any more: at the next valid one
 * of the same segment, or else at the beginning of the log's next segment. Log segments are zeroed
 * before they are used, so whatever is valid there belongs to the log.
 */
public final class LogGap {
  private LogGap() {}

  /**
   * Looks behind a damaged position.
   *
   * @param damaged where no key set could be read; before {@code limit} in the log
   * @param limit a border of key sets of the log, which the search does not pass
   * @param nextCacheSegId the log segment that follows {@code damaged}'s; of no meaning where
   *     {@code limit} lies in the same segment
   * @return the first position behind {@code damaged} where the log can be read again, or {@code
   *     limit}
   */
  public static LogPosition end(
      Media media, SegmentChain chain, LogPosition damaged, LogPosition limit, int nextCacheSegId) {
    int segment = damaged.cacheSegId();
    boolean limitIsHere = limit.isInSegmentOf(damaged);
    int bound = limitIsHere ? limit.segOffsetBytes() : MediaLayout.DATA_AREA_BYTES;
    MemorySegment area =
        media.view().asSlice(chain.dataOffset(segment), MediaLayout.DATA_AREA_BYTES);
    for (int at = damaged.segOffsetBytes() + Long.BYTES;
        at + KeySetRecord.HEADER_BYTES <= bound;
        at += Long.BYTES) {
      if (KeySetRecord.isValid(area, at, bound - at)) {
        return damaged.at(at);
      }
    }
    return limitIsHere ? limit : damaged.startOfNext(nextCacheSegId);
  }
}
