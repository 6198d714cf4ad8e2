package io.pcache.cache.stripe;

import io.pcache.format.KeySetRecord;
import io.pcache.index.ExtentIndex;
import io.pcache.log.StagedKeys;
import io.pcache.log.StagedKeysPool;
import java.util.List;

/**
 * All stripes, and the mapping from logical bytes to them. Neighbouring subtrees belong to
 * different stripes, if there is more than one.
 *
 * <p>Thread-safety: all methods from any thread. Methods that concern all stripes lock one after
 * the other.
 */
public final class Stripes {
  private final Stripe[] stripes;

  /**
   * Creates the stripes, with nothing staged.
   *
   * @param count a power of two
   * @param index the index whose subtrees the stripes share
   */
  public Stripes(int count, ExtentIndex index, StagedKeysPool pool) {
    stripes = new Stripe[count];
    for (int i = 0; i < count; i++) {
      stripes[i] = new Stripe(index, pool);
    }
  }

  /** The stripe of the subtree that holds a logical byte. */
  public Stripe of(long offsetBytes) {
    return stripes[ExtentIndex.subtreeOf(offsetBytes) & (stripes.length - 1)];
  }

  /** Takes all staged keys, stripe by stripe, oldest first within each. */
  public void drainStages(List<StagedKeys> target) {
    for (Stripe stripe : stripes) {
      stripe.drainStage(target);
    }
  }

  /** Takes the keys of full key sets, stripe by stripe, oldest first within each. */
  public void drainFullStages(List<StagedKeys> target) {
    for (Stripe stripe : stripes) {
      stripe.drainFullStage(target);
    }
  }

  /** Whether any key is staged. */
  public boolean hasStagedKeys() {
    return largestStage() > 0;
  }

  /** Whether any stage holds a full key set. */
  public boolean hasFullStage() {
    return largestStage() >= KeySetRecord.MAX_KEYS;
  }

  private int largestStage() {
    int largest = 0;
    for (Stripe stripe : stripes) {
      largest = Math.max(largest, stripe.stagedKeys());
    }
    return largest;
  }
}
