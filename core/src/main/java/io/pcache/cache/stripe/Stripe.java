package io.pcache.cache.stripe;

import io.pcache.block.BlockRequest;
import io.pcache.cache.segment.Segments;
import io.pcache.format.Key;
import io.pcache.index.ExtentCursor;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetStage;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A share of the subtrees: their part of the index, their staged keys, and their misses in flight.
 * Each method runs under one lock. A key enters the index and the stage together, so the order of
 * the log is the order of the index. Room in the stage comes first, so no key enters the index and
 * fails to be staged. Staging comes last, because compiled code may report a failure of the shared
 * memory late.
 *
 * <p>Thread-safety: all methods from any thread. The lock is never held across a copy or an I/O.
 */
public final class Stripe {
  /** Returned by {@link #insertIfMissing} if it has inserted nothing. */
  public static final int NOT_INSERTED = -1;

  private final ReentrantLock lock = new ReentrantLock();
  private final ExtentIndex index;
  private final KeySetStage stage;
  private @Nullable Miss firstMiss;

  Stripe(ExtentIndex index, StagedKeysPool pool) {
    this.index = index;
    this.stage = new KeySetStage(pool);
  }

  /**
   * Makes a write visible. Indexes and stages its key, and cancels the misses in flight that
   * overlap its range.
   *
   * @param hint an {@link ExtentIndex#hint} for the key's start
   * @return number of keys staged now
   */
  public int insert(Key key, int hint) {
    lock.lock();
    try {
      cancelMisses(key.offsetBytes(), key.endBytes());
      return indexAndStage(key, hint);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes the data of a miss visible, unless a write to the range came in between or another miss
   * was faster.
   *
   * @return number of keys staged now, or {@link #NOT_INSERTED}
   */
  public int insertIfMissing(Key key, Miss miss, int hint) {
    lock.lock();
    try {
      if (miss.cancelled || !isMissing(key.offsetBytes(), key.endBytes())) {
        return NOT_INSERTED;
      }
      return indexAndStage(key, hint);
    } finally {
      lock.unlock();
    }
  }

  private int indexAndStage(Key key, int hint) {
    stage.makeRoom();
    index.put(key, hint);
    return stage.append(key);
  }

  private boolean isMissing(long fromBytes, long toBytes) {
    ExtentCursor cursor = new ExtentCursor();
    index.seek(cursor, fromBytes);
    return !cursor.isValid() || cursor.offsetBytes() >= toBytes;
  }

  /** Marks extents that still point to a key's bytes as clean; the hint as for {@link #insert}. */
  public void markClean(Key key, int hint) {
    lock.lock();
    try {
      index.markKeyClean(key, hint);
    } finally {
      lock.unlock();
    }
  }

  /** Removes extents that still point to a key's bytes; the hint as for {@link #insert}. */
  public void removeKey(Key key, int hint) {
    lock.lock();
    try {
      index.removeKey(key, hint);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Visits the extents that overlap a range inside one subtree, in ascending order.
   *
   * @param cursor a cursor of the caller's, for reuse
   */
  public void forEachExtent(
      ExtentCursor cursor, long fromBytes, long toBytes, ExtentVisitor visitor) {
    lock.lock();
    try {
      visit(cursor, fromBytes, toBytes, visitor);
    } finally {
      lock.unlock();
    }
  }

  private void visit(ExtentCursor cursor, long fromBytes, long toBytes, ExtentVisitor visitor) {
    for (index.seek(cursor, fromBytes);
        cursor.isValid() && cursor.offsetBytes() < toBytes;
        cursor.next()) {
      visitor.visit(cursor);
    }
  }

  /**
   * Plans a read of a range inside one subtree. Pins the segments of its hits and registers its
   * gaps as misses, so that writes to them cancel their fill.
   *
   * @param plan the plan to fill; its old contents are discarded
   * @return the misses, in the order of the plan's gaps; null if there are none
   */
  public Miss @Nullable [] lookUp(
      ReadPlan plan, Segments segments, BlockRequest request, long fromBytes, long toBytes) {
    lock.lock();
    try {
      plan.begin(fromBytes, toBytes);
      visit(plan.cursor, fromBytes, toBytes, plan);
      plan.end();
      plan.pin(segments);
      return register(plan, request);
    } finally {
      lock.unlock();
    }
  }

  private Miss @Nullable [] register(ReadPlan plan, BlockRequest request) {
    if (plan.gapCount() == 0) {
      return null;
    }
    Miss[] misses = new Miss[plan.gapCount()];
    for (int i = 0; i < misses.length; i++) {
      misses[i] = new Miss(request, plan.gapOffsetBytes(i), plan.gapLengthBytes(i));
      misses[i].next = firstMiss;
      firstMiss = misses[i];
    }
    return misses;
  }

  /** Removes a miss. Returns whether a write to its range has cancelled it. */
  public boolean endMiss(Miss miss) {
    lock.lock();
    try {
      removeMiss(miss);
      return miss.cancelled;
    } finally {
      lock.unlock();
    }
  }

  private void removeMiss(Miss miss) {
    if (firstMiss == miss) {
      firstMiss = miss.next;
      return;
    }
    Miss before = firstMiss;
    while (before != null && before.next != miss) {
      before = before.next;
    }
    if (before != null) {
      before.next = miss.next;
    }
  }

  private void cancelMisses(long fromBytes, long toBytes) {
    for (Miss miss = firstMiss; miss != null; miss = miss.next) {
      miss.cancelIfOverlapping(fromBytes, toBytes);
    }
  }

  /** Takes all staged keys, oldest first. */
  void drainStage(List<StagedKeys> target) {
    lock.lock();
    try {
      stage.drainTo(target);
    } finally {
      lock.unlock();
    }
  }

  /** Takes the keys of full key sets, oldest first. */
  void drainFullStage(List<StagedKeys> target) {
    lock.lock();
    try {
      stage.drainFullTo(target);
    } finally {
      lock.unlock();
    }
  }

  /** Number of staged keys. */
  int stagedKeys() {
    lock.lock();
    try {
      return stage.count();
    } finally {
      lock.unlock();
    }
  }
}
