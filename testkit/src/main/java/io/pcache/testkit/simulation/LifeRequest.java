package io.pcache.testkit.simulation;

import io.pcache.block.BlockRequest;
import io.pcache.block.RequestSource;
import io.pcache.error.PcacheException;
import org.jspecify.annotations.Nullable;

/** A request that tells somebody how it ended. */
final class LifeRequest extends BlockRequest {
  /** Who is told. */
  interface Listener {
    /** The request is complete; {@code failure} is null where it succeeded. */
    void completed(@Nullable PcacheException failure);
  }

  private final Listener listener;

  LifeRequest(RequestSource client, Listener listener) {
    super(client);
    this.listener = listener;
  }

  @Override
  protected void completed(@Nullable PcacheException cause) {
    listener.completed(cause);
  }
}
