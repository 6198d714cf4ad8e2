package io.pcache.cache;

import io.pcache.block.BlockOp;
import io.pcache.block.BlockRequest;
import io.pcache.format.MediaLayout;
import io.pcache.index.ExtentIndex;

/**
 * Puts writes into the cache: space for the data and for its key first, then the copy, then index
 * and stage under one lock. Nothing visible changes before the write can be completed, so a write
 * that has to wait leaves what it would replace readable.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class WritePath {
  private final Geometry geometry;
  private final DataWriter data;
  private final Stripes stripes;
  private final ExtentIndex index;
  private final Segments segments;
  private final DataHeads heads;
  private final LogCommitter committer;
  private final Throttle throttle;
  private final IndexMemory memory;
  private final CacheCounters counters;

  WritePath(
      Geometry geometry,
      Stripes stripes,
      ExtentIndex index,
      Segments segments,
      DataHeads heads,
      LogCommitter committer,
      Throttle throttle,
      IndexMemory memory,
      CacheCounters counters) {
    this.geometry = geometry;
    this.data = new DataWriter(geometry);
    this.stripes = stripes;
    this.index = index;
    this.segments = segments;
    this.heads = heads;
    this.committer = committer;
    this.throttle = throttle;
    this.memory = memory;
    this.counters = counters;
  }

  /** Holds a writer back that may be made to wait, where the cache is nearly full. */
  void holdBack(long lengthBytes) {
    throttle.holdBack(lengthBytes);
  }

  /**
   * Carries a write or write-zeroes request on from {@code doneBytes} to {@code untilBytes}.
   *
   * @return how much of it is in the cache now; less than asked for where the cache is full
   */
  long advance(BlockRequest request, long doneBytes, long untilBytes) {
    long done = doneBytes;
    while (done < untilBytes) {
      int n = writePiece(request, done, untilBytes);
      if (n == 0) {
        return done;
      }
      done += n;
    }
    return done;
  }

  /**
   * Writes the next piece that has one key: inside one subtree and one segment. Returns 0 where
   * there is no room.
   */
  private int writePiece(BlockRequest request, long doneBytes, long untilBytes) {
    long offset = request.offsetBytes() + doneBytes;
    long toBoundary = MediaLayout.SUBTREE_BYTES - offset % MediaLayout.SUBTREE_BYTES;
    int wanted = (int) Math.min(untilBytes - doneBytes, toBoundary);
    if (!committer.hasRoomForKeys() || !throttle.admits() || memory.isFull()) {
      return 0;
    }
    long range = heads.reserve(wanted);
    if (range == DataHeads.FULL) {
      return 0;
    }
    // The memory of the index comes in while the copy's goes out.
    int hint = index.hint(offset);
    int crc = copyOrGiveUp(request, doneBytes, range);
    insert(offset, range, crc, hint);
    throttle.written(DataHeads.lengthBytes(range));
    return DataHeads.lengthBytes(range);
  }

  private int copyOrGiveUp(BlockRequest request, long doneBytes, long range) {
    boolean copied = false;
    try {
      int crc = copy(request, doneBytes, range);
      copied = true;
      return crc;
    } finally {
      if (!copied) {
        segments.dropReferences(DataHeads.segment(range), 1);
      }
    }
  }

  private int copy(BlockRequest request, long doneBytes, long range) {
    long at = geometry.mediaOffset(DataHeads.segment(range), DataHeads.offsetBytes(range));
    int length = DataHeads.lengthBytes(range);
    return request.op() == BlockOp.WRITE_ZEROES
        ? data.zero(at, length)
        : data.write(request.buffer(), doneBytes, at, length);
  }

  private void insert(long offset, long range, int crc, int hint) {
    int segment = DataHeads.segment(range);
    int segOffset = DataHeads.offsetBytes(range);
    int length = DataHeads.lengthBytes(range);
    Stripe stripe = stripes.of(offset);
    int staged;
    stripe.lock.lock();
    try {
      index.put(offset, length, segment, segOffset, false, crc, hint);
      staged =
          stripe.stage.append(
              offset, length, 0, segment, segOffset, segments.generation(segment), crc);
      stripe.cancelMisses(offset, offset + length);
    } finally {
      stripe.lock.unlock();
    }
    counters.dirtiedBytes.add(length);
    committer.keyStaged(staged, segOffset);
  }
}
