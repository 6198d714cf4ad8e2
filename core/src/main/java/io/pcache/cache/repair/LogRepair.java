package io.pcache.cache.repair;

import io.pcache.cache.recovery.Recovery;
import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.format.LogAddress;
import io.pcache.format.LogBounds;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.TailPosition;
import io.pcache.log.BoundarySearch;
import io.pcache.log.IntactLog;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogEnd;
import io.pcache.media.Media;
import org.jspecify.annotations.Nullable;

/**
 * Examines a log that {@link Recovery} refuses. It describes the damage and what a repair would
 * discard, and discards it on request. A repair keeps everything before the damage. If the damage
 * lies before dirty_tail, it keeps everything from dirty_tail on.
 *
 * <p>Thread-safety: none. The media must be open for this alone.
 */
public final class LogRepair {
  private final Media media;
  private final SegmentChain chain;
  private final KeySetReader reader;
  private final LogAddress keyTail;
  private final LogAddress dirtyTail;
  private final LogAddress end;
  private final boolean metDirtyTail;
  private final boolean dirtyTailLags;
  private final boolean breaksOff;
  private final LogEnd.Beyond beyond;

  private LogRepair(
      Media media, RecordRepair records, long deviceBytes, @Nullable LogBounds closedLog) {
    this.media = media;
    this.chain = records.chain();
    this.reader = new KeySetReader(media, chain, deviceBytes);
    this.keyTail = records.keyTail();
    this.dirtyTail = records.dirtyTail();
    LogAddress closedHead = closedLog == null ? null : closedLog.keyHead();
    BoundarySearch fromKeyTail = search(dirtyTail, closedHead);
    LogAddress endFromKeyTail = walk(keyTail, fromKeyTail);
    BoundarySearch fromDirtyTail = search(keyTail, closedHead);
    LogAddress endFromDirtyTail = walk(dirtyTail, fromDirtyTail);
    this.dirtyTailLags = !fromKeyTail.hasMet(dirtyTail) && fromDirtyTail.hasMet(keyTail);
    this.metDirtyTail = fromKeyTail.hasMet(dirtyTail) || dirtyTailLags;
    this.end = metDirtyTail ? endFromKeyTail : endFromDirtyTail;
    BoundarySearch toTheEnd = metDirtyTail ? fromKeyTail : fromDirtyTail;
    LogEnd.Header header = LogEnd.classify(media, chain, end);
    this.breaksOff =
        header != LogEnd.Header.ZERO || (closedHead != null && !toTheEnd.hasMet(closedHead));
    RecoveredSegments segments = new RecoveredSegments(media, chain);
    this.beyond =
        header == LogEnd.Header.ZERO
            ? LogEnd.Beyond.NOTHING
            : LogEnd.scanBeyond(media, chain, end, segments::generation);
  }

  /**
   * Examines a log. Writes nothing.
   *
   * @param records the records around the log
   * @param deviceBytes size of the logical device, or {@link Long#MAX_VALUE} if unknown
   * @param closedLog the log's positions at its last orderly close, or null if unknown
   */
  public static LogRepair examine(
      Media media, RecordRepair records, long deviceBytes, @Nullable LogBounds closedLog) {
    return new LogRepair(media, records, deviceBytes, closedLog);
  }

  private static BoundarySearch search(LogAddress tail, @Nullable LogAddress closedHead) {
    return closedHead == null ? new BoundarySearch(tail) : new BoundarySearch(tail, closedHead);
  }

  private LogAddress walk(LogAddress start, BoundarySearch search) {
    return search.endsAt(IntactLog.walk(reader, chain.segments(), start, search)).address();
  }

  /** The positions of the intact part of the log. */
  public LogBounds intact() {
    return new LogBounds(
        metDirtyTail ? keyTail : dirtyTail, dirtyTailLags ? keyTail : dirtyTail, end);
  }

  /** Whether a repair would discard anything. */
  public boolean isDamaged() {
    return !metDirtyTail || breaksOff;
  }

  /** Whether a repair would discard the end of the log, and what a killed process staged for it. */
  public boolean breaksOff() {
    return breaksOff;
  }

  /** Describes the damage, its position, and what a repair discards. */
  public String describe() {
    if (!isDamaged()) {
      return "the log is intact from %s to %s".formatted(keyTail, end);
    }
    if (!breaksOff) {
      return describeLossBeforeDirtyTail() + ", nothing dirty is";
    }
    return metDirtyTail
        ? describeLossAtTheEnd()
        : describeLossBeforeDirtyTail() + "; " + describeLossAtTheEnd();
  }

  private String describeLossBeforeDirtyTail() {
    return "the log from %s is damaged before dirty_tail %s; what only served reads is given up"
        .formatted(keyTail, dirtyTail);
  }

  private String describeLossAtTheEnd() {
    return "the log breaks off at %s; given up is what lies beyond: %d intact key sets with %d keys in this segment, and whatever is unreadable"
        .formatted(end, beyond.keySets(), beyond.keys());
  }

  /**
   * Makes the log begin and end where it is intact. Durable on return.
   *
   * @return the log's new positions
   */
  public LogBounds apply() {
    LogBounds intact = intact();
    if (dirtyTailLags) {
      // The key set at the stored dirty_tail may lie in what is zeroed.
      TailPosition.dirtyTail(media, chain.segments()).storeDurably(intact.dirtyTail());
    }
    long from = chain.dataOffset(end.cacheSegId()) + end.segOffsetBytes();
    media.zero(from, (long) MediaLayout.DATA_AREA_BYTES - end.segOffsetBytes());
    media.sync();
    TailPosition.keyTail(media, chain.segments()).storeDurably(intact.keyTail());
    return intact;
  }
}
