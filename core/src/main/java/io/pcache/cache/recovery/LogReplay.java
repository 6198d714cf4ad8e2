package io.pcache.cache.recovery;

import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.index.ExtentIndexBuilder;
import io.pcache.log.KeySetReader;
import io.pcache.log.LogPosition;
import io.pcache.log.LogWalk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thread's part of a recovery. It walks the whole log and takes the keys of its own subtrees.
 * Reading and checking a key set costs little compared with putting its keys into the index. So
 * parallel walks need no coordination, and each sees its keys in log order.
 *
 * <p>Thread-safety: one thread; the results are read after it has ended.
 */
final class LogReplay implements Runnable {
  private final Geometry geometry;
  private final RecoveredSegments segments;
  private final LogAddress dirtyTailAddress;
  private final ExtentIndexBuilder.Share share;
  private final int[] references;
  private final Key key = new Key();
  private final List<Integer> logSegments = new ArrayList<>();

  private LogPosition end;
  private @Nullable LogPosition dirtyTail;
  private long dirtyKeySets;
  private long keys;
  private long dirtyBytes;

  /**
   * Prepares a walk.
   *
   * @param segments only read, for their generations
   * @param keyTail where the log begins
   * @param dirtyTail keys from there on are dirty, unless they carry the CLEAN flag
   * @param share the subtrees to fill
   */
  LogReplay(
      Geometry geometry,
      RecoveredSegments segments,
      LogPosition keyTail,
      LogAddress dirtyTail,
      ExtentIndexBuilder.Share share) {
    this.geometry = geometry;
    this.segments = segments;
    this.dirtyTailAddress = dirtyTail;
    this.end = keyTail;
    this.share = share;
    this.references = new int[geometry.chain().segments()];
  }

  /** Walks the log to its end. On return all keys of this share are in the index. */
  @Override
  public void run() {
    KeySetReader reader = geometry.newKeySetReader();
    end = new LogWalk(reader, geometry.chain().segments()).from(end.address(), this::replay);
    meet(end);
    share.finish();
  }

  private void replay(LogPosition position, KeySetReader keySet) {
    meet(position);
    if (dirtyTail != null && keySet.keyCount() > 0) {
      dirtyKeySets++;
    }
    for (int i = 0; i < keySet.keyCount(); i++) {
      replayKey(keySet.bytes(), KeySetRecord.keyOffset(i));
    }
  }

  private void meet(LogPosition position) {
    if (position.address().equals(dirtyTailAddress)) {
      dirtyTail = position;
    }
    if (logSegments.isEmpty() || logSegments.getLast() != position.cacheSegId()) {
      logSegments.add(position.cacheSegId());
    }
  }

  private void replayKey(MemorySegment bytes, long at) {
    if (!share.holds(KeyRecord.off(bytes, at))) {
      return;
    }
    key.load(bytes, at);
    keys++;
    if (key.generation() < segments.generation(key.cacheSegId())) {
      share.removeRange(key.offsetBytes(), key.lengthBytes());
      return;
    }
    key.clean(key.isClean() || dirtyTail == null);
    share.put(key);
    references[key.cacheSegId()]++;
    if (!key.isClean()) {
      dirtyBytes += key.lengthBytes();
    }
  }

  /** The segments of the log, in log order. */
  List<Integer> logSegments() {
    return logSegments;
  }

  /** Where the log ends, or where it begins before the walk. */
  LogPosition end() {
    return end;
  }

  /** The position of dirty_tail in the log, or null if the walk has not met it. */
  @Nullable LogPosition dirtyTail() {
    return dirtyTail;
  }

  /** Number of key sets with keys from dirty_tail on. */
  long dirtyKeySets() {
    return dirtyKeySets;
  }

  /** Number of keys taken, including stale ones. */
  long keys() {
    return keys;
  }

  /** Bytes of the dirty keys taken. */
  long dirtyBytes() {
    return dirtyBytes;
  }

  /** For each segment, the number of keys taken that name it. Stale keys do not count. */
  int[] references() {
    return references;
  }
}
