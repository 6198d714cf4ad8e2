package io.pcache.cache.stripe;

import io.pcache.block.BlockRequest;
import org.jspecify.annotations.Nullable;

/**
 * A range that is being read from the backing device for a client. It is registered with its stripe
 * from the lookup that missed until it completes. A write to the range in between cancels the miss.
 * Data of a cancelled miss neither enters the cache nor answers the client.
 *
 * <p>Thread-safety: the stripe guards {@link #next} and {@link #cancelled}; the rest is immutable.
 */
public final class Miss {
  public final BlockRequest parent;
  public final long offsetBytes;
  public final int lengthBytes;

  @Nullable Miss next;
  boolean cancelled;

  Miss(BlockRequest parent, long offsetBytes, int lengthBytes) {
    this.parent = parent;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
  }

  void cancelIfOverlapping(long fromBytes, long toBytes) {
    if (fromBytes < offsetBytes + lengthBytes && offsetBytes < toBytes) {
      cancelled = true;
    }
  }
}
