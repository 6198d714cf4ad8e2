package io.pcache.cache.pace;

import io.pcache.agent.Clock;

/**
 * Decides whether write-back should hand requests to the backing device's threads. That does not
 * pay if the device answers faster than a thread wakes. The policy measures requests that
 * write-back carries out itself.
 *
 * <p>Not thread-safe.
 */
public final class OffloadPolicy {
  /**
   * Bound of the count of slow and fast answers in each direction. One answer that was slow because
   * its thread was not running decides nothing.
   */
  private static final int MOST = 8;

  private final Clock clock;
  private final long worthItNanos;
  private long startedNanos;
  private int slowAnswers = MOST;

  /**
   * Begins by offloading.
   *
   * @param worthItNanos minimum time of a request that is worth offloading; 0 for always
   */
  public OffloadPolicy(Clock clock, long worthItNanos) {
    this.clock = clock;
    this.worthItNanos = worthItNanos;
  }

  public boolean isWorthwhile() {
    return slowAnswers > 0;
  }

  /** Records that the calling thread starts to carry out a request. */
  public void started() {
    startedNanos = clock.nanoTime();
  }

  /** Records that the request has ended. */
  public void ended() {
    boolean slow = clock.nanoTime() - startedNanos >= worthItNanos;
    slowAnswers = Math.clamp((long) slowAnswers + (slow ? 1 : -1), -MOST, MOST);
  }
}
