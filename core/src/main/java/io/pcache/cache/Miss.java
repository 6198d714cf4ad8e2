package io.pcache.cache;

import io.pcache.backing.BackingCallback;
import io.pcache.backing.BackingRequest;
import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/**
 * A range that is being read from the backing device for a client. It is registered with its stripe
 * from the lookup that missed until its completion; a write to the range in between cancels it, and
 * what it read neither enters the cache nor answers the client.
 *
 * <p>Thread-safety: {@link #next} and {@link #cancelled} need the stripe's lock; the rest is
 * immutable.
 */
final class Miss implements BackingCallback {
  final BlockRequest upper;
  final long offsetBytes;
  final int lengthBytes;

  @Nullable Miss next;
  boolean cancelled;

  private final ReadPath path;

  Miss(ReadPath path, BlockRequest upper, long offsetBytes, int lengthBytes) {
    this.path = path;
    this.upper = upper;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
  }

  void cancelIfOverlapping(long fromBytes, long toBytes) {
    if (fromBytes < offsetBytes + lengthBytes && offsetBytes < toBytes) {
      cancelled = true;
    }
  }

  @Override
  public void completed(BackingRequest request, @Nullable PcacheException failure) {
    path.missCompleted(this, request, failure);
  }
}
