package io.pcache.cache.repair;

import io.pcache.cache.recovery.Recovery;
import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.format.LogAddress;
import io.pcache.format.LogBounds;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.format.TailPosition;
import io.pcache.log.BorderSearch;
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
  /** The kinds of damage of a log. */
  public enum Damage {
    /** No damage. */
    NONE,
    /**
     * Key sets before dirty_tail are unreadable. They only served reads, so no dirty data is lost
     * with them. The log may also end early: this kind of damage takes precedence.
     */
    BEFORE_DIRTY_TAIL,
    /** The log ends early. Dirty data beyond its end is lost. */
    AT_THE_END
  }

  private final Media media;
  private final SegmentChain chain;
  private final KeySetReader reader;
  private final LogAddress keyTail;
  private final LogAddress dirtyTail;
  private final LogAddress end;
  private final boolean metDirtyTail;
  private final boolean metClosedHead;
  private final LogEnd.Header header;
  private final LogEnd.Beyond beyond;

  private LogRepair(
      Media media, RecordRepair records, long deviceBytes, @Nullable LogBounds closedLog) {
    this.media = media;
    this.chain = records.chain();
    this.reader = new KeySetReader(media, chain, deviceBytes);
    this.keyTail = records.keyTail();
    this.dirtyTail = records.dirtyTail();
    LogAddress closedHead = closedLog == null ? keyTail : closedLog.keyHead();
    BorderSearch fromKeyTail = new BorderSearch(dirtyTail, closedHead);
    LogAddress endFromKeyTail = walk(keyTail, fromKeyTail);
    BorderSearch fromDirtyTail = new BorderSearch(keyTail, closedHead);
    LogAddress endFromDirtyTail = walk(dirtyTail, fromDirtyTail);
    this.metDirtyTail = fromKeyTail.hasMet(dirtyTail) || fromDirtyTail.hasMet(keyTail);
    this.end = metDirtyTail ? endFromKeyTail : endFromDirtyTail;
    this.metClosedHead = (metDirtyTail ? fromKeyTail : fromDirtyTail).hasMet(closedHead);
    this.header = LogEnd.classify(media, chain, end);
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

  private LogAddress walk(LogAddress start, BorderSearch search) {
    return search.endsAt(IntactLog.walk(reader, chain.segments(), start, search)).address();
  }

  /** The positions of the intact part of the log. */
  public LogBounds intact() {
    return new LogBounds(metDirtyTail ? keyTail : dirtyTail, dirtyTail, end);
  }

  /** The damage found. */
  public Damage damage() {
    if (!metDirtyTail) {
      return Damage.BEFORE_DIRTY_TAIL;
    }
    return header == LogEnd.Header.ZERO && metClosedHead ? Damage.NONE : Damage.AT_THE_END;
  }

  /** Describes the damage, its position, and what a repair discards. */
  public String describe() {
    return switch (damage()) {
      case NONE -> "the log is intact from %s to %s".formatted(keyTail, end);
      case BEFORE_DIRTY_TAIL ->
          "the log from %s is damaged before dirty_tail %s; what only served reads is given up, nothing dirty is"
              .formatted(keyTail, dirtyTail);
      case AT_THE_END ->
          "the log breaks off at %s; given up is what lies beyond: %d intact key sets with %d keys in this segment, and whatever is"
                  .formatted(end, beyond.keySets(), beyond.keys())
              + " unreadable";
    };
  }

  /**
   * Makes the log begin and end where it is intact. Durable on return.
   *
   * @return the log's new positions
   */
  public LogBounds apply() {
    LogBounds intact = intact();
    long from = chain.dataOffset(end.cacheSegId()) + end.segOffsetBytes();
    media.zero(from, (long) MediaLayout.DATA_AREA_BYTES - end.segOffsetBytes());
    media.sync();
    TailPosition.keyTail(media, chain.segments()).storeDurably(intact.keyTail());
    return intact;
  }
}
