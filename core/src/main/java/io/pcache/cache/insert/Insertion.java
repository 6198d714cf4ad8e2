package io.pcache.cache.insert;

import io.pcache.cache.stripe.Stripe;
import io.pcache.format.Key;

/**
 * Data to be inserted into the cache: a source of bytes and the key for them. Reusable.
 *
 * <p>Thread-safety: none.
 */
public abstract class Insertion {
  /** The key. When {@link #copy} is called, it is complete except for its checksum. */
  protected final Key key = new Key();

  /** Creates one for use again and again. */
  protected Insertion() {}

  /**
   * Copies the key's length of bytes to the media.
   *
   * @return their checksum, or 0 if keys carry none
   */
  protected abstract int copy(long mediaOffsetBytes);

  /**
   * Makes the key visible.
   *
   * @param hint the index's hint for the key's start
   * @return number of keys staged now, or {@link Stripe#NOT_INSERTED} if the insertion is no longer
   *     wanted
   */
  protected abstract int insertInto(Stripe stripe, int hint);
}
