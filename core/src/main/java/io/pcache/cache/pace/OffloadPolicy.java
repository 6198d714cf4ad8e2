package io.pcache.cache.pace;

import io.pcache.agent.Clock;

/**
 * Whether it pays to hand a request to the backing device's threads: not where the device has done
 * it before a thread has woken up. That is measured on requests that write-back carries out itself.
 *
 * <p>Not thread-safe.
 */
public final class OffloadPolicy {
  /**
   * How far the count of slow and fast answers goes either way: one that was slow because its
   * thread was not running decides nothing.
   */
  private static final int MOST = 8;

  private final Clock clock;
  private final long worthItNanos;
  private long startedNanos;
  private int slowAnswers = MOST;

  /**
   * Starts out with handing over.
   *
   * @param worthItNanos how long a request takes at least for a hand-over to pay; 0 for always
   */
  public OffloadPolicy(Clock clock, long worthItNanos) {
    this.clock = clock;
    this.worthItNanos = worthItNanos;
  }

  public boolean isWorthwhile() {
    return slowAnswers > 0;
  }

  /** A request is carried out from here on by the calling thread. */
  public void started() {
    startedNanos = clock.nanoTime();
  }

  /** It is over. */
  public void ended() {
    boolean slow = clock.nanoTime() - startedNanos >= worthItNanos;
    slowAnswers = Math.clamp((long) slowAnswers + (slow ? 1 : -1), -MOST, MOST);
  }
}
