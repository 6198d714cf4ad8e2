package io.pcache.cache.recovery;

import io.pcache.cache.pace.IndexMemory;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.MediaFailureException;
import io.pcache.error.NoSpaceException;
import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.LogBounds;
import io.pcache.format.MediaLayout;
import io.pcache.format.TailPosition;
import io.pcache.index.ExtentIndex;
import io.pcache.index.ExtentIndexBuilder;
import io.pcache.log.BoundarySearch;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogEnd;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWalk;
import io.pcache.log.StagedKeys;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rebuilds the in-memory state from the media by a walk of the log from key_tail. Several walks may
 * run in parallel, each for its own part of the index ({@link LogReplay}).
 *
 * <p>Keys are replayed in log order. If a key is stale, its bytes are on the backing device and its
 * range becomes missing. Otherwise the key replaces earlier keys of its range and counts as one
 * reference.
 *
 * <p>The position of dirty_tail in the walk determines which keys are dirty:
 *
 * <pre>
 *   walk from key_tail meets dirty_tail │ walk from dirty_tail meets key_tail │ meaning
 *   ────────────────────────────────────┼─────────────────────────────────────┼──────────────────────────────────
 *   yes                                 │ any                                 │ dirty from dirty_tail on
 *   no                                  │ yes                                 │ an old copy: dirty from key_tail on
 *   no                                  │ no                                  │ the log is damaged in between
 * </pre>
 *
 * <p>{@link LogEnd} decides what the end of the walk means. If the log's end at its last orderly
 * close is known, the log must contain that position.
 */
public final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final Geometry geometry;
  private final int threads;
  private final long maxIndexBytes;
  private final KeySetReader reader;
  private final LogWalk walk;
  private final RecoveredSegments segments;
  private final LogPosition keyTail;

  private ExtentIndex index;

  /** The stored address of dirty_tail, until the walk has met it. */
  private LogAddress dirtyTailAddress;

  private @Nullable LogPosition dirtyTail;
  private LogPosition keyHead;
  private long dirtyKeySets;
  private long keys;
  private long dirtyBytes;
  private List<StagedKeys> survivors = List.of();

  private Recovery(Geometry geometry, int threads, long maxIndexBytes) {
    int n = geometry.chain().segments();
    this.geometry = geometry;
    this.threads = threads;
    this.maxIndexBytes = maxIndexBytes;
    this.reader = geometry.newKeySetReader();
    this.walk = new LogWalk(reader, n);
    this.segments = new RecoveredSegments(geometry.media(), geometry.chain());
    this.keyTail = LogPosition.first(TailPosition.keyTail(geometry.media(), n).load());
    this.dirtyTailAddress = TailPosition.dirtyTail(geometry.media(), n).load();
    this.keyHead = keyTail;
    this.index = new ExtentIndex(0, geometry.dataCrc());
  }

  /**
   * Recovers a cache. Writes nothing.
   *
   * @param lastWriter who appended to the log last
   * @param closedLog the log's positions at its last orderly close, or null if unknown
   * @param staging where a killed process may have left keys that follow those of the log
   * @param threads number of parallel walks, including the calling thread's
   * @param maxIndexBytes limit of the heap that the index uses while the cache is open
   * @throws CorruptMediaException if a part of the log is no longer readable
   * @throws NoSpaceException if the index needs more heap than its limit
   */
  public static Recovery of(
      Geometry geometry,
      LogEnd.Writer lastWriter,
      @Nullable LogBounds closedLog,
      Staging staging,
      int threads,
      long maxIndexBytes) {
    Recovery recovery = new Recovery(geometry, threads, maxIndexBytes);
    recovery.walkLog();
    recovery.settleDirtyTail();
    recovery.judgeEnd(lastWriter, closedLog);
    recovery.takeSurvivors(
        new SurvivingKeys(geometry, recovery.segments, recovery.keyHead.address(), staging).keys());
    LOG.info(
        "recovered {} keys and {} from memory, {} dirty bytes; log from {} to {}",
        recovery.keys,
        recovery.survivors.stream().mapToInt(StagedKeys::count).sum(),
        recovery.dirtyBytes,
        recovery.keyTail,
        recovery.keyHead);
    return recovery;
  }

  /**
   * Adds the surviving keys. They follow all keys of the log, and are dirty unless they carry the
   * CLEAN flag.
   */
  private void takeSurvivors(List<StagedKeys> keysInMemory) {
    survivors = keysInMemory;
    int[] references = new int[geometry.chain().segments()];
    for (StagedKeys some : survivors) {
      for (int i = 0; i < some.count(); i++) {
        takeSurvivor(some.bytes(), (long) i * KeyRecord.SIZE_BYTES, references);
      }
    }
    segments.addReferences(references);
  }

  private void takeSurvivor(MemorySegment bytes, long at, int[] references) {
    Key key = new Key().load(bytes, at);
    index.put(key);
    references[key.cacheSegId()]++;
    dirtyBytes += key.isClean() ? 0 : key.lengthBytes();
  }

  private void walkLog() {
    try {
      replayLog();
    } catch (NoSpaceException e) {
      throw heapTooSmall(e);
    }
  }

  /** The required heap is known only after the whole log has been read. */
  private NoSpaceException heapTooSmall(NoSpaceException cause) {
    long[] found = new long[1];
    var _ = walk.from(keyTail.address(), (position, keySet) -> found[0] += keySet.keyCount());
    long neededBytes =
        ExtentIndex.maxHeapBytes(geometry.deviceBytes(), geometry.dataCrc(), found[0]);
    return new NoSpaceException(
        "the index of %d keys in front of a device of %d bytes takes up to %d MiB of heap, and may take %d MiB; give the program a heap of %d MiB or more: pcache serve --heap, or java -Xmx"
            .formatted(
                found[0],
                geometry.deviceBytes(),
                mebibytes(neededBytes),
                mebibytes(maxIndexBytes),
                mebibytes(IndexMemory.heapBytesFor(neededBytes))),
        cause);
  }

  /** Rounds up, for messages. */
  private static long mebibytes(long bytes) {
    return Math.ceilDiv(bytes, 1L << 20);
  }

  /** Otherwise a cache of too large a device would open, and its writes would wait forever. */
  private void refuseAnIndexWithoutRoom() {
    long emptyBytes = ExtentIndex.emptyHeapBytes(geometry.deviceBytes(), geometry.dataCrc());
    if (!IndexMemory.admitsWrites(emptyBytes, maxIndexBytes)) {
      throw new NoSpaceException("the index has no room for extents");
    }
  }

  private void replayLog() {
    refuseAnIndexWithoutRoom();
    ExtentIndexBuilder builder =
        new ExtentIndexBuilder(
            geometry.deviceBytes(),
            geometry.dataCrc(),
            IndexMemory.openingLimitBytes(maxIndexBytes));
    List<LogReplay> replays = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      replays.add(
          new LogReplay(geometry, segments, keyTail, dirtyTailAddress, builder.share(i, threads)));
    }
    ParallelTasks.run(replays);
    index = builder.build();
    addUp(replays);
    refuseDataInLogSegments();
  }

  private void addUp(List<LogReplay> replays) {
    LogReplay first = replays.getFirst();
    keyHead = first.end();
    dirtyTail = first.dirtyTail();
    dirtyKeySets = first.dirtyKeySets();
    first.logSegments().forEach(segments::markLog);
    keys = 0;
    dirtyBytes = 0;
    for (LogReplay replay : replays) {
      if (!replay.end().equals(keyHead)) {
        throw new MediaFailureException(
            "cache device: what was read of the log is not the same twice; it ends at %s and at %s"
                .formatted(keyHead, replay.end()));
      }
      keys += replay.keys();
      dirtyBytes += replay.dirtyBytes();
      segments.addReferences(replay.references());
    }
  }

  /**
   * A segment holds either data or a part of the log. A key that names a log segment is therefore
   * invalid.
   */
  private void refuseDataInLogSegments() {
    for (int i = 0; i < geometry.chain().segments(); i++) {
      if (segments.isLog(i) && segments.references(i) > 0) {
        throw new CorruptMediaException(
            "log: %d keys name segment %d, which holds the log itself"
                .formatted(segments.references(i), i));
      }
    }
  }

  private void settleDirtyTail() {
    if (dirtyTail != null) {
      return;
    }
    BoundarySearch search = new BoundarySearch(keyTail.address());
    var _ = search.endsAt(walk.from(dirtyTailAddress, search));
    if (!search.hasMet(keyTail.address())) {
      throw new CorruptMediaException(
          "log: the walk from key_tail %s ends at %s without meeting dirty_tail %s; the key sets in between are damaged"
              .formatted(keyTail, keyHead, dirtyTailAddress));
    }
    LOG.warn(
        "dirty_tail {} is an old copy, from before key_tail {}; everything is written back again",
        dirtyTailAddress,
        keyTail);
    restartDirtyFromKeyTail();
  }

  /**
   * Replays the log again, with dirty_tail at key_tail, because the first walk took the keys for
   * clean.
   */
  private void restartDirtyFromKeyTail() {
    // Release the old index before the next one is built.
    index = new ExtentIndex(0, geometry.dataCrc());
    segments.forgetReferences();
    dirtyTailAddress = keyTail.address();
    walkLog();
  }

  private void judgeEnd(LogEnd.Writer lastWriter, @Nullable LogBounds closedLog) {
    LogAddress end = keyHead.address();
    LogEnd.Header header = LogEnd.classify(geometry.media(), geometry.chain(), end);
    LogEnd.Beyond beyond =
        header == LogEnd.Header.ZERO
            ? LogEnd.Beyond.NOTHING
            : LogEnd.scanBeyond(geometry.media(), geometry.chain(), end, segments::generation);
    if (LogEnd.decide(header, beyond.keySets() > 0, lastWriter) == LogEnd.Meaning.DAMAGED) {
      throw new CorruptMediaException(
          "log: damaged at %s; %d intact key sets with %d keys lie beyond it. Everything before is intact. Restore the cache device, or give up what lies beyond with 'pcache repair'"
              .formatted(keyHead, beyond.keySets(), beyond.keys()));
    }
    if (closedLog != null && isAsClosed(closedLog) && !contains(closedLog.keyHead())) {
      throw new CorruptMediaException(
          "log: it ends at %s, but was closed in order at %s; what lies between is lost. Restore the cache device, or give it up with 'pcache repair'"
              .formatted(keyHead, closedLog.keyHead()));
    }
  }

  /**
   * Tails that have moved mean that the kernel has used the cache since then, and may have
   * reclaimed.
   */
  private boolean isAsClosed(LogBounds closedLog) {
    return closedLog.keyTail().equals(keyTail.address())
        && closedLog.dirtyTail().equals(dirtyTail().address());
  }

  /**
   * Whether a position is a boundary between key sets of the log. That is its end, or a position
   * inside, where another writer continued.
   */
  private boolean contains(LogAddress closedAt) {
    if (keyHead.address().equals(closedAt)) {
      return true;
    }
    BoundarySearch search = new BoundarySearch(closedAt);
    var _ = walk.from(keyTail.address(), search);
    return search.hasMet(closedAt);
  }

  /**
   * Zeroes the rest of the log's last segment, so that no old bytes are ever taken for its
   * continuation. On return the whole log is durable.
   */
  public void clearBeyondHead() {
    inheritWhatWasFound();
    long from = geometry.mediaOffset(keyHead.cacheSegId(), keyHead.segOffsetBytes());
    long length = (long) MediaLayout.DATA_AREA_BYTES - keyHead.segOffsetBytes();
    if (!geometry.media().isZero(from, length)) {
      geometry.media().zero(from, length);
    }
    // Sync even if nothing was cleared. Writes of a killed process may not be durable yet, and
    // write-back must not pass the durable log.
    geometry.media().sync();
  }

  /**
   * Includes what recovery relies on in the next sync: all records, the log from key_tail, and the
   * rest of its last segment. A killed process may have stored some of it and not made it durable.
   * Without this, a power cut could end the log in front of what is appended from now on.
   */
  private void inheritWhatWasFound() {
    geometry.chain().inheritRecords(geometry.media());
    for (int i = 0; i < geometry.chain().segments(); i++) {
      if (segments.isLog(i)) {
        int from = i == keyTail.cacheSegId() ? keyTail.segOffsetBytes() : 0;
        geometry
            .media()
            .inherit(geometry.mediaOffset(i, from), (long) MediaLayout.DATA_AREA_BYTES - from);
      }
    }
  }

  /**
   * Keys that are in the index and not yet in the log. They follow the log's keys, in this order.
   */
  public List<StagedKeys> survivors() {
    return survivors;
  }

  public ExtentIndex index() {
    return index;
  }

  public RecoveredSegments segments() {
    return segments;
  }

  public LogPosition keyTail() {
    return keyTail;
  }

  /** Where write-back continues. */
  public LogPosition dirtyTail() {
    return Objects.requireNonNull(dirtyTail, "the walk has met it");
  }

  /** Number of key sets with keys between dirty_tail and key_head. */
  public long dirtyKeySets() {
    return dirtyKeySets;
  }

  /** Where the log ends. */
  public LogPosition keyHead() {
    return keyHead;
  }

  /** Dirty bytes between dirty_tail and key_head, and of the surviving keys. */
  public long dirtyBytes() {
    return dirtyBytes;
  }
}
