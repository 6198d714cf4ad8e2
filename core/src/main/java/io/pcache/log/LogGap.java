package io.pcache.log;

import io.pcache.format.KeySetRecord;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;

/**
 * Finds the position where the log continues behind unreadable key sets. That is the next valid key
 * set in the same segment, or else the start of the log's next segment. Log segments are zeroed
 * before use, so any valid key set there belongs to the log.
 */
public final class LogGap {
  private LogGap() {}

  /**
   * Searches behind a damaged position.
   *
   * @param damaged a position without a readable key set, before {@code limit} in the log
   * @param limit a key set boundary of the log, which the search does not pass
   * @param nextCacheSegId the log segment after that of {@code damaged}; ignored if {@code limit}
   *     lies in the same segment
   * @return the first readable position of the log behind {@code damaged}, or {@code limit}
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
