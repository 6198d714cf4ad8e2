package io.pcache.nbd;

import io.pcache.block.BlockRequest;
import io.pcache.block.RequestSource;
import io.pcache.error.PcacheException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through the device, with its buffer and its place in the {@link Admission}.
 * Pooled per connection. Whoever holds it owns it: the connection's thread, then the device, then
 * the thread that answers.
 */
final class NbdRequest extends BlockRequest {
  private final Consumer<NbdRequest> onCompleted;
  private long cookie;
  private long repliedOffsetBytes;
  private Admission.@Nullable Share share;
  private @Nullable PooledBuffer buffer;
  private @Nullable PcacheException cause;
  private boolean commitDue;
  private @Nullable NbdRequest followers;

  /**
   * Links requests in the one list this is in: free, done, waiting to be made durable, or waiting
   * to be answered.
   */
  @Nullable NbdRequest next;

  /**
   * @param source the client
   * @param onCompleted takes this over once the device is done with it, on any thread
   */
  NbdRequest(RequestSource source, Consumer<NbdRequest> onCompleted) {
    super(source);
    this.onCompleted = onCompleted;
  }

  /** Takes over a buffer, or none, and the memory share it was admitted with. */
  void admitted(Admission.Share newShare, @Nullable PooledBuffer newBuffer) {
    share = newShare;
    buffer = newBuffer;
    cause = null;
    commitDue = false;
  }

  /** What the reply has to repeat of the request. */
  void answers(RequestFrame frame) {
    cookie = frame.cookie();
    repliedOffsetBytes = frame.offsetBytes();
  }

  /** The offset that the client gave, whatever this was prepared for since. */
  long repliedOffsetBytes() {
    return repliedOffsetBytes;
  }

  /** Makes this a write that is answered only when a flush behind it has made it durable. */
  void prepareDurableWrite(long offsetBytes, MemorySegment source) {
    prepareWrite(offsetBytes, source);
    commitDue = true;
  }

  /** Whether this was carried out and has to be made durable yet. */
  boolean isCommitDue() {
    return commitDue && cause == null;
  }

  /**
   * Makes this the flush that it still needs.
   *
   * @param others requests that need one too, and share this one's and its outcome
   */
  void prepareCommit(@Nullable NbdRequest others) {
    commitDue = false;
    followers = others;
    prepareFlush();
  }

  /** Hands out those whose outcome is this one's. */
  @Nullable NbdRequest takeFollowers() {
    NbdRequest taken = followers;
    followers = null;
    return taken;
  }

  /** Takes over the outcome of the flush that was shared. */
  void committed(@Nullable PcacheException failure) {
    commitDue = false;
    cause = failure;
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
    onCompleted.accept(this);
  }
}
