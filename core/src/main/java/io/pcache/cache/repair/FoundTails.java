package io.pcache.cache.repair;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.LogAddress;
import io.pcache.format.LogBounds;
import io.pcache.format.SegmentChain;
import io.pcache.format.TailPosition;
import io.pcache.log.BoundarySearch;
import io.pcache.log.IntactLog;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogPosition;
import io.pcache.media.Media;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * key_tail and dirty_tail of a cache that may have lost them.
 *
 * <pre>
 *   key_tail │ dirty_tail │ orderly close │ result
 *   ─────────┼────────────┼───────────────┼────────────────────────────────────────────────────────────
 *   yes      │ yes        │ any           │ both
 *   yes      │ stray      │ any           │ as if dirty_tail were lost ({@link StrayDirtyTail})
 *   yes      │ no         │ any           │ dirty_tail from key_tail: everything is written back again
 *   no       │ yes        │ any           │ key_tail from dirty_tail: key sets before it are discarded
 *   no       │ no         │ yes           │ both from the identity record, if the log agrees with it
 *   no       │ no         │ no            │ none: an error
 * </pre>
 *
 * @param keyTail where the log begins
 * @param dirtyTail where write-back continues
 * @param keyTailLost whether key_tail has to be written
 * @param dirtyTailLost whether dirty_tail has to be written
 * @param finding the findings in words; empty if nothing is lost
 */
record FoundTails(
    LogAddress keyTail,
    LogAddress dirtyTail,
    boolean keyTailLost,
    boolean dirtyTailLost,
    List<String> finding) {

  /**
   * Reads both tails, and infers a lost one.
   *
   * @param closedLog the log's positions at its last orderly close, or null if unknown
   * @throws CorruptMediaException if the lost tails cannot be inferred
   */
  static FoundTails on(
      Media media, SegmentChain chain, KeySetReader reader, @Nullable LogBounds closedLog) {
    int segments = chain.segments();
    Optional<LogAddress> keyTail = load(TailPosition.keyTail(media, segments));
    Optional<LogAddress> dirtyTail = load(TailPosition.dirtyTail(media, segments));
    if (keyTail.isPresent() && dirtyTail.isPresent()) {
      boolean isStray =
          TailPosition.dirtyTail(media, segments).hasOneCopy()
              && new StrayDirtyTail(media, chain, reader)
                  .isStray(keyTail.get(), dirtyTail.get(), closedLog);
      return isStray
          ? fromKeyTail(
              keyTail.get(),
              "no key set begins or ends at %s, and the log from key_tail is intact; "
                  .formatted(dirtyTail.get()))
          : new FoundTails(keyTail.get(), dirtyTail.get(), false, false, List.of());
    }
    if (keyTail.isPresent()) {
      return fromKeyTail(keyTail.get(), "");
    }
    if (dirtyTail.isPresent()) {
      return new FoundTails(
          dirtyTail.get(),
          dirtyTail.get(),
          true,
          false,
          List.of(
              "key_tail: lost; taken from dirty_tail %s, what only served reads before it is given up"
                  .formatted(dirtyTail.get())));
    }
    return fromIdentity(segments, reader, closedLog);
  }

  private static FoundTails fromKeyTail(LogAddress keyTail, String why) {
    return new FoundTails(
        keyTail,
        keyTail,
        false,
        true,
        List.of(
            "dirty_tail: lost; %staken from key_tail %s, so everything is written back again"
                .formatted(why, keyTail)));
  }

  private static Optional<LogAddress> load(TailPosition tail) {
    try {
      return Optional.of(tail.load());
    } catch (CorruptMediaException lost) {
      return Optional.empty();
    }
  }

  private static FoundTails fromIdentity(
      int segments, KeySetReader reader, @Nullable LogBounds closedLog) {
    if (closedLog == null) {
      throw new CorruptMediaException(
          "key_tail and dirty_tail: both are lost, and no identity record says where the log was closed; it cannot be told where it begins");
    }
    if (!runsAs(closedLog, segments, reader)) {
      throw new CorruptMediaException(
          "key_tail and dirty_tail: both are lost, and the log does not run from %s by %s to %s, as the identity record says; it cannot be told where it begins"
              .formatted(closedLog.keyTail(), closedLog.dirtyTail(), closedLog.keyHead()));
    }
    return new FoundTails(
        closedLog.keyTail(),
        closedLog.dirtyTail(),
        true,
        true,
        List.of(
            "key_tail and dirty_tail: lost; %s and %s taken from the identity record, and the log ends where that says"
                .formatted(closedLog.keyTail(), closedLog.dirtyTail())));
  }

  private static boolean runsAs(LogBounds log, int segments, KeySetReader reader) {
    if (!log.keyTail().isPossible(segments)) {
      return false;
    }
    BoundarySearch search = new BoundarySearch(log.dirtyTail());
    LogPosition end = search.endsAt(IntactLog.walk(reader, segments, log.keyTail(), search));
    return end.address().equals(log.keyHead()) && search.hasMet(log.dirtyTail());
  }

  /** Writes the lost tails, key_tail first: key_tail alone discards nothing. Durable on return. */
  void store(Media media, int segments) {
    if (keyTailLost) {
      TailPosition.keyTail(media, segments).storeDurably(keyTail);
    }
    if (dirtyTailLost) {
      TailPosition.dirtyTail(media, segments).storeDurably(dirtyTail);
    }
  }
}
