package io.pcache.cache.insert;

import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.segment.DataHeads;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.CacheState;
import io.pcache.cache.stripe.Stripe;
import io.pcache.cache.stripe.Stripes;
import io.pcache.format.Key;
import io.pcache.index.ExtentIndex;

/**
 * The only way by which data enters the cache. It reserves space in a segment, copies the data and
 * computes its checksum. Then it indexes and stages the key under one lock, and commits if that is
 * due. Nothing visible changes before the lock is taken. If anything fails until then, the space is
 * released.
 *
 * <pre>
 *   reserve ─▶ copy, checksum ─▶ index and stage ─▶ commit, if due
 *                   │                  │
 *                   └──── release ◀────┘ no longer wanted
 * </pre>
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class DataInserter {
  private final Geometry geometry;
  private final Stripes stripes;
  private final ExtentIndex index;
  private final Segments segments;
  private final DataHeads heads;
  private final LogCommitter committer;

  /** Inserts data into a cache, in space that {@code heads} reserve. */
  public DataInserter(CacheState cache, DataHeads heads, LogCommitter committer) {
    this.geometry = cache.geometry();
    this.stripes = cache.stripes();
    this.index = cache.index();
    this.segments = cache.segments();
    this.heads = heads;
    this.committer = committer;
  }

  /** Whether the log certainly has room for a key that is staged now. */
  public boolean hasRoomForKeys() {
    return committer.hasRoomForKeys();
  }

  /** Reports a failed page if it belongs to the memory of staged keys. Returns whether it does. */
  public boolean isStagingAtFault(CacheHealth health) {
    String fault = committer.stagingFault();
    if (fault != null) {
      health.report("staging", fault);
    }
    return fault != null;
  }

  /**
   * Inserts one key: as much of a range inside one subtree as the segment has room for.
   *
   * @param offsetBytes logical start of the range
   * @param wantedBytes length of the range
   * @return how many bytes were inserted; 0 if there is no room or the insertion is no longer
   *     wanted
   */
  public int insert(Insertion insertion, long offsetBytes, int wantedBytes) {
    long range = heads.reserve(wantedBytes);
    if (range == DataHeads.FULL) {
      return 0;
    }
    Key key = insertion.key;
    int segment = DataHeads.segment(range);
    key.range(offsetBytes, DataHeads.lengthBytes(range))
        .place(segment, DataHeads.offsetBytes(range))
        .generation(segments.generation(segment));
    int staged = copyAndInsert(insertion);
    if (staged == Stripe.NOT_INSERTED) {
      return 0;
    }
    committer.keyStaged(staged, key.segOffsetBytes());
    return key.lengthBytes();
  }

  private int copyAndInsert(Insertion insertion) {
    Key key = insertion.key;
    boolean isUnused = true;
    try {
      // Prefetches the index's memory while the copy writes to the media.
      int hint = index.hint(key.offsetBytes());
      key.dataCrc(insertion.copy(geometry.mediaOffset(key.cacheSegId(), key.segOffsetBytes())));
      // From here on readers may find the key, even if the insertion throws.
      isUnused = false;
      int staged = insertion.insertInto(stripes.of(key.offsetBytes()), hint);
      isUnused = staged == Stripe.NOT_INSERTED;
      return staged;
    } finally {
      if (isUnused) {
        segments.dropReferences(key.cacheSegId(), 1);
      }
    }
  }
}
