package io.pcache.block;

import java.util.function.Consumer;

/**
 * One client of a front end, as the device sees it. When requests have to wait for room, sources
 * take turns. So none waits for all the requests of another. Overlapping writes of one source are
 * carried out in the order of their submission. All other requests may be carried out in any order.
 *
 * <p>A front end creates a source for each client and gives it to the client's requests. It closes
 * the source when the client is gone.
 *
 * <p>Thread-safety: all methods may be called from any thread. If the order of two overlapping
 * writes matters, one submission must return before the other begins.
 */
public final class RequestSource implements AutoCloseable {
  private final Consumer<RequestSource> whenClosed;
  private volatile boolean closed;

  /**
   * Creates the source of a client.
   *
   * @param whenClosed called when the source is closed; {@code sourceClosed} of the device that
   *     receives all its requests
   */
  public RequestSource(Consumer<RequestSource> whenClosed) {
    this.whenClosed = whenClosed;
  }

  /**
   * Reports that the client is gone. Its waiting writes fail with {@link
   * io.pcache.error.ClosedException}, at once or soon after. A write that was carried out in part
   * stays so, as any unacknowledged write may. Later submissions also fail if they would change
   * anything. A second call only notifies the device again.
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
