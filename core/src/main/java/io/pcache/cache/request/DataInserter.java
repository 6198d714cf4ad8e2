package io.pcache.cache.request;

import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.segment.DataHeads;
import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.Segments;
import io.pcache.cache.stripe.CacheState;
import io.pcache.cache.stripe.Stripe;
import io.pcache.cache.stripe.Stripes;
import io.pcache.format.Key;
import io.pcache.index.ExtentIndex;

/**
 * The one door by which data enters the cache: room in a segment first, then the copy and its
 * checksum, then index and stage under one lock, then whatever the staged key sets off. Nothing
 * visible changes before that lock. Where something fails until then, the room is given up.
 *
 * <pre>
 *   reserve ─▶ copy, checksum ─▶ insert and stage ─▶ commit, where that is due
 *                   │                  │
 *                   └── give up ◀──────┘ not wanted any more
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

  /** Puts data into a cache, where {@code heads} find room. */
  public DataInserter(CacheState cache, DataHeads heads, LogCommitter committer) {
    this.geometry = cache.geometry();
    this.stripes = cache.stripes();
    this.index = cache.index();
    this.segments = cache.segments();
    this.heads = heads;
    this.committer = committer;
  }

  /** Whether a key that is staged now will certainly find its place in the log. */
  public boolean hasRoomForKeys() {
    return committer.hasRoomForKeys();
  }

  /**
   * Puts in what has one key: as much of a range inside one subtree as the segment has room for.
   *
   * @param offsetBytes where the range begins on the logical device
   * @param wantedBytes how long it is
   * @return how much of it is in the cache now; 0 where there is no room, or it is not wanted
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
      // The memory of the index comes in while the copy's goes out.
      int hint = index.hint(key.offsetBytes());
      key.dataCrc(insertion.copy(geometry.mediaOffset(key.cacheSegId(), key.segOffsetBytes())));
      // Whatever happens in there, readers may find the key.
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
