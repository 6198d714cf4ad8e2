package io.pcache.cache;

import io.pcache.error.PcacheException;
import io.pcache.format.Checksum;
import io.pcache.format.KeyRecord;
import io.pcache.index.ExtentCursor;
import io.pcache.index.ExtentIndex;
import java.lang.foreign.MemorySegment;

/**
 * Puts what a miss read into the cache as CLEAN, unless a write to the range came in between, or
 * another miss was faster, or space is short: reads never make writers wait.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class MissFill {

  private final Geometry geometry;
  private final ExtentIndex index;
  private final Segments segments;
  private final DataHeads heads;
  private final LogCommitter committer;
  private final Throttle throttle;
  private final IndexMemory memory;
  private final CacheHealth health;

  MissFill(
      Geometry geometry,
      ExtentIndex index,
      Segments segments,
      DataHeads heads,
      LogCommitter committer,
      Throttle throttle,
      IndexMemory memory,
      CacheHealth health) {
    this.geometry = geometry;
    this.index = index;
    this.segments = segments;
    this.heads = heads;
    this.committer = committer;
    this.throttle = throttle;
    this.memory = memory;
    this.health = health;
  }

  /**
   * Fills the cache, as far as that is possible.
   *
   * @param bytes what the miss read; memory of ours, since a reader's buffer may change at any time
   */
  void fill(Miss miss, MemorySegment bytes, Stripe stripe) {
    int done = 0;
    while (done < miss.lengthBytes && mayFill()) {
      long range = heads.reserve(miss.lengthBytes - done);
      if (range == DataHeads.FULL || !fillRange(miss, bytes, stripe, done, range)) {
        return;
      }
      done += DataHeads.lengthBytes(range);
    }
  }

  private boolean mayFill() {
    return committer.hasRoomForKeys()
        && !throttle.isActive()
        && !memory.isScarce()
        && health.writeRefusal() == null;
  }

  private boolean fillRange(Miss miss, MemorySegment bytes, Stripe stripe, int done, long range) {
    boolean inserted = false;
    try {
      int crc = copy(bytes, done, range);
      health.cacheWrites().succeeded();
      inserted = insert(miss, stripe, miss.offsetBytes + done, range, crc);
    } catch (PcacheException | InternalError e) {
      health.cacheWrites().failed("a read could not be cached: " + e.getMessage());
    } finally {
      if (!inserted) {
        segments.dropReferences(DataHeads.segment(range), 1);
      }
    }
    return inserted;
  }

  private int copy(MemorySegment bytes, int from, long range) {
    int length = DataHeads.lengthBytes(range);
    long at = geometry.mediaOffset(DataHeads.segment(range), DataHeads.offsetBytes(range));
    geometry.media().write(at, bytes, from, length);
    return geometry.dataCrc() ? Checksum.of(bytes, from, length) : 0;
  }

  private boolean insert(Miss miss, Stripe stripe, long offset, long range, int crc) {
    int segment = DataHeads.segment(range);
    int segOffset = DataHeads.offsetBytes(range);
    int length = DataHeads.lengthBytes(range);
    int staged;
    stripe.lock.lock();
    try {
      if (miss.cancelled || !isMissing(offset, offset + length)) {
        return false;
      }
      index.put(offset, length, segment, segOffset, true, crc);
      long generation = segments.generation(segment);
      staged =
          stripe.stage.append(
              offset, length, KeyRecord.CLEAN_FLAG, segment, segOffset, generation, crc);
    } finally {
      stripe.lock.unlock();
    }
    committer.keyStaged(staged, segOffset);
    return true;
  }

  private boolean isMissing(long fromBytes, long toBytes) {
    ExtentCursor cursor = new ExtentCursor();
    index.seek(cursor, fromBytes);
    return !cursor.isValid() || cursor.offsetBytes() >= toBytes;
  }
}
