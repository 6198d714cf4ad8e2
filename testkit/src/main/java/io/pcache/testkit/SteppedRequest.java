package io.pcache.testkit;

import io.pcache.block.BlockRequest;
import io.pcache.block.RequestSource;
import io.pcache.error.PcacheException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request that remembers how it ended, for tests that step the device by hand. */
public final class SteppedRequest extends BlockRequest {
  private final Consumer<SteppedRequest> onSuccess;
  private boolean done;
  private @Nullable PcacheException failure;

  /** A request that tells nobody. */
  public SteppedRequest() {
    this(request -> {});
  }

  /** A request that tells when it succeeds. */
  public SteppedRequest(Consumer<SteppedRequest> onSuccess) {
    this.onSuccess = onSuccess;
  }

  /** A request of a client that tells when it succeeds. */
  public SteppedRequest(RequestSource source, Consumer<SteppedRequest> onSuccess) {
    super(source);
    this.onSuccess = onSuccess;
  }

  /** Whether it is complete. */
  public boolean isDone() {
    return done;
  }

  /** What it failed with, or null. */
  public @Nullable PcacheException failure() {
    return failure;
  }

  @Override
  protected void completed(@Nullable PcacheException cause) {
    done = true;
    failure = cause;
    if (cause == null) {
      onSuccess.accept(this);
    }
  }
}
