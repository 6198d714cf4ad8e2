package io.pcache.cache.repair;

import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.LogBounds;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.log.BoundarySearch;
import io.pcache.log.IntactLog;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Distinguishes a dirty_tail outside the log from a log that is damaged before dirty_tail. If the
 * newest copy of dirty_tail decays, the older one counts. That one may name a log segment that has
 * been freed, and zeroed or filled with data since.
 *
 * <p>The table is for tails that no walk connects, and for a dirty_tail with one valid copy. With
 * two it is the newest, and right:
 *
 * <pre>
 *   walk from key_tail               │ a key set begins or ends at dirty_tail │ dirty_tail is
 *   ─────────────────────────────────┼────────────────────────────────────────┼──────────────────────────────
 *   key sets, up to an orderly end   │ no                                     │ stray: everything is dirty
 *   key sets, up to an orderly end   │ yes                                    │ right: the log has a gap
 *   no key set, or up to damage      │ any                                    │ right: the log is damaged
 * </pre>
 *
 * <p>In front of a gap, key sets are clean and may be outdated. To write them back would replace
 * newer data on the backing device.
 */
final class StrayDirtyTail {
  private final Media media;
  private final SegmentChain chain;
  private final KeySetReader reader;

  StrayDirtyTail(Media media, SegmentChain chain, KeySetReader reader) {
    this.media = media;
    this.chain = chain;
    this.reader = reader;
  }

  /**
   * Returns whether dirty_tail lies outside the log that begins at key_tail.
   *
   * @param closedLog the log's positions at its last orderly close, or null if unknown
   */
  boolean isStray(LogAddress keyTail, LogAddress dirtyTail, @Nullable LogBounds closedLog) {
    LogAddress closedHead =
        closedLog != null && closedLog.keyTail().equals(keyTail) ? closedLog.keyHead() : keyTail;
    BoundarySearch fromKeyTail = new BoundarySearch(dirtyTail, closedHead);
    LogAddress end = walk(keyTail, fromKeyTail);
    boolean leadsElsewhere =
        !end.equals(keyTail) && fromKeyTail.hasMet(closedHead) && !fromKeyTail.hasMet(dirtyTail);
    return leadsElsewhere
        && LogEnd.classify(media, chain, end) != LogEnd.Header.OTHER
        && walk(dirtyTail, new BoundarySearch()).equals(dirtyTail)
        && !aKeySetEndsAt(dirtyTail);
  }

  /** Walks from {@code start}, and returns the end. It is the start if no key set lies there. */
  private LogAddress walk(LogAddress start, BoundarySearch search) {
    return search.endsAt(IntactLog.walk(reader, chain.segments(), start, search)).address();
  }

  private boolean aKeySetEndsAt(LogAddress position) {
    MemorySegment area =
        media.view().asSlice(chain.dataOffset(position.cacheSegId()), MediaLayout.DATA_AREA_BYTES);
    long end = position.segOffsetBytes();
    long at = 0;
    while (at < end) {
      if (!KeySetRecord.isValid(area, at, end - at) || KeySetRecord.isLast(area, at)) {
        at += Long.BYTES;
        continue;
      }
      at += KeySetRecord.sizeBytes(KeySetRecord.keyCountOrNextSegment(area, at));
      if (at == end) {
        return true;
      }
    }
    return false;
  }
}
