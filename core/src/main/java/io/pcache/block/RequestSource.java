package io.pcache.block;

import java.util.function.Consumer;

/**
 * One client of a front end, to a device: where requests have to wait for room, sources take turns,
 * so that none waits for all that another one asks for. Of one source's writes that overlap, the
 * one submitted first is carried out first; everything else may be carried out in any order.
 *
 * <p>A front end makes one for each client, gives it to the client's requests, and closes it when
 * the client is gone.
 *
 * <p>Thread-safety: all methods from any thread. Where the order of two overlapping writes matters,
 * one submission returns before the other is called.
 */
public final class RequestSource implements AutoCloseable {
  private final Consumer<RequestSource> whenClosed;
  private volatile boolean closed;

  /**
   * Makes a client known.
   *
   * @param whenClosed told once it is closed: {@code sourceClosed} of the device where all its
   *     requests go
   */
  public RequestSource(Consumer<RequestSource> whenClosed) {
    this.whenClosed = whenClosed;
  }

  /**
   * The client is gone. Its writes that still wait fail with {@link
   * io.pcache.error.ClosedException}, at once or soon after; one that is carried out in part stays
   * so, as any write may that was never acknowledged. What it submits from now on fails, too, where
   * it would change something. Does nothing the second time.
   */
  @Override
  public void close() {
    closed = true;
    whenClosed.accept(this);
  }

  /** Whether the client is gone. */
  public boolean isClosed() {
    return closed;
  }
}
