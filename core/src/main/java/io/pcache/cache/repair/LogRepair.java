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
 * Looks at a log that {@link Recovery} refuses, says what is wrong and what would be given up, and
 * gives it up when told to. What can be kept is kept: everything before the damage, or, where the
 * damage lies before dirty_tail, everything from there on.
 *
 * <p>Thread-safety: none. The media are open for this alone.
 */
public final class LogRepair {
  /** What is wrong with a log. */
  public enum Damage {
    /** Nothing. */
    NONE,
    /** Key sets that only served reads are unreadable; nothing dirty is lost without them. */
    BEFORE_DIRTY_TAIL,
    /** The log breaks off; dirty data that lies beyond is lost. */
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
   * @param records what is around it
   * @param deviceBytes size of the logical device, or the largest long where it is not known
   * @param closedLog where the log was when it was closed in order, or null where that is not known
   */
  public static LogRepair examine(
      Media media, RecordRepair records, long deviceBytes, @Nullable LogBounds closedLog) {
    return new LogRepair(media, records, deviceBytes, closedLog);
  }

  private LogAddress walk(LogAddress start, BorderSearch search) {
    return search.endsAt(IntactLog.walk(reader, chain.segments(), start, search)).address();
  }

  /** Where the log is, as far as it is intact. */
  public LogBounds intact() {
    return new LogBounds(metDirtyTail ? keyTail : dirtyTail, dirtyTail, end);
  }

  /** What is wrong. */
  public Damage damage() {
    if (!metDirtyTail) {
      return Damage.BEFORE_DIRTY_TAIL;
    }
    return header == LogEnd.Header.ZERO && metClosedHead ? Damage.NONE : Damage.AT_THE_END;
  }

  /** In words: what was found, where, and what a repair gives up. */
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
   * Makes the log end, or begin, where it is intact. Durable on return.
   *
   * @return where it is now
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
