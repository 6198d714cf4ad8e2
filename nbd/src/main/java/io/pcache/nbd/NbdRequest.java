package io.pcache.nbd;

import io.pcache.block.BlockRequest;
import io.pcache.error.PcacheException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through the device, with its buffer and its place in the {@link Admission}.
 * Pooled per connection. Whoever holds it owns it: the connection's thread, then the device, then
 * the thread that answers.
 */
final class NbdRequest extends BlockRequest {
  private final Transmission transmission;
  private long cookie;
  private Admission.@Nullable Share share;
  private @Nullable PooledBuffer buffer;
  private @Nullable PcacheException cause;

  /** Links requests in the one list this is in: free, done, or waiting to be answered. */
  @Nullable NbdRequest next;

  NbdRequest(Transmission transmission) {
    this.transmission = transmission;
  }

  /** Takes over a buffer, or none, and the memory share it was admitted with. */
  void admitted(Admission.Share newShare, @Nullable PooledBuffer newBuffer) {
    share = newShare;
    buffer = newBuffer;
    cause = null;
  }

  void setCookie(long newCookie) {
    cookie = newCookie;
  }

  long cookie() {
    return cookie;
  }

  Admission.Share share() {
    return Objects.requireNonNull(share, "a request in use was admitted");
  }

  /** Hands the buffer out for good. */
  @Nullable PooledBuffer detachBuffer() {
    PooledBuffer held = buffer;
    buffer = null;
    return held;
  }

  /** The buffer of a read or write. */
  PooledBuffer payload() {
    return Objects.requireNonNull(buffer, "reads and writes have a buffer");
  }

  /** Why it failed, or null. */
  @Nullable PcacheException cause() {
    return cause;
  }

  @Override
  protected void completed(@Nullable PcacheException failure) {
    cause = failure;
    transmission.completed(this);
  }
}
