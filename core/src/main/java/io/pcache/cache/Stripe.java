package io.pcache.cache;

import io.pcache.log.KeySetStage;
import io.pcache.log.StagedKeysPool;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A share of the subtrees with the lock that guards their part of the index, the keys staged for
 * them, and their misses in flight. Changing the index and staging the key under one lock is what
 * makes log order equal index order.
 *
 * <p>Thread-safety: every field and method needs {@link #lock}, which is never held across a copy
 * or an I/O.
 */
final class Stripe {
  final ReentrantLock lock = new ReentrantLock();
  final KeySetStage stage;

  private @Nullable Miss firstMiss;

  Stripe(StagedKeysPool pool) {
    stage = new KeySetStage(pool);
  }

  /** Registers a miss, so that writes to its range cancel its fill. */
  void addMiss(Miss miss) {
    miss.next = firstMiss;
    firstMiss = miss;
  }

  /** Takes a miss out again. */
  void removeMiss(Miss miss) {
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

  /**
   * A write is now visible in a range: what misses in flight read there must not enter the cache
   * any more.
   */
  void cancelMisses(long offsetBytes, long endBytes) {
    for (Miss miss = firstMiss; miss != null; miss = miss.next) {
      miss.cancelIfOverlapping(offsetBytes, endBytes);
    }
  }
}
