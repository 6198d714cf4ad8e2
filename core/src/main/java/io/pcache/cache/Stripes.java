package io.pcache.cache;

import io.pcache.format.KeySetRecord;
import io.pcache.index.ExtentIndex;
import io.pcache.log.KeySetStage;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import java.util.List;
import java.util.function.Consumer;

/**
 * The stripes and which of them a logical byte belongs to: neighbouring subtrees lie in different
 * ones.
 */
final class Stripes {
  private final Stripe[] stripes;

  /** Creates {@code count} stripes, a power of two. */
  Stripes(int count, StagedKeysPool pool) {
    stripes = new Stripe[count];
    for (int i = 0; i < count; i++) {
      stripes[i] = new Stripe(pool);
    }
  }

  /** The stripe of the subtree that holds a logical byte. */
  Stripe of(long offsetBytes) {
    return stripes[ExtentIndex.subtreeOf(offsetBytes) & (stripes.length - 1)];
  }

  /** Takes all staged keys, stripe by stripe, oldest first within each. */
  void drainStages(List<StagedKeys> target) {
    forEachStage(stage -> stage.drainTo(target));
  }

  /** Takes the keys of full key sets, stripe by stripe, oldest first within each. */
  void drainFullStages(List<StagedKeys> target) {
    forEachStage(stage -> stage.drainFullTo(target));
  }

  /** Under the lock of its stripe, one stripe at a time. */
  private void forEachStage(Consumer<KeySetStage> action) {
    for (Stripe stripe : stripes) {
      stripe.lock.lock();
      try {
        action.accept(stripe.stage);
      } finally {
        stripe.lock.unlock();
      }
    }
  }

  /** Whether any key is staged. */
  boolean hasStagedKeys() {
    return largestStage() > 0;
  }

  /** Whether any stage holds a full key set. */
  boolean hasFullStage() {
    return largestStage() >= KeySetRecord.MAX_KEYS;
  }

  private int largestStage() {
    int largest = 0;
    for (Stripe stripe : stripes) {
      stripe.lock.lock();
      try {
        largest = Math.max(largest, stripe.stage.count());
      } finally {
        stripe.lock.unlock();
      }
    }
    return largest;
  }
}
