package io.pcache.cache.request;

import io.pcache.cache.stripe.Stripe;
import io.pcache.format.Key;

/**
 * What is to be put into the cache: a source of bytes, and the key that these get. Reusable.
 *
 * <p>Thread-safety: none.
 */
abstract class Insertion {
  /** The key, complete but for its checksum when {@link #copy} is called. */
  final Key key = new Key();

  /**
   * Copies as many bytes as the key has to the media.
   *
   * @return their checksum, 0 where keys carry none
   */
  abstract int copy(long mediaOffsetBytes);

  /**
   * Makes the key visible.
   *
   * @param hint where in the index it goes
   * @return how many keys are staged now, or {@link Stripe#NOT_INSERTED} where it is not to be
   */
  abstract int insertInto(Stripe stripe, int hint);
}
