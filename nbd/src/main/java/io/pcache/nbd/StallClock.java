package io.pcache.nbd;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells a transfer that stands still from one that moves, without reading a clock per transfer: the
 * thread that does I/O leaves word, and the watchdog looks now and then. Only time in which that
 * thread waits for the client counts, so a slow device is never the client's fault. A transfer
 * moves in steps of {@link #STEP_BYTES} or of whole messages: a byte now and then is no movement.
 *
 * <p>Thread-safety: {@link #begin}, {@link #received}, {@link #moved} and {@link #end} by one
 * thread at a time; {@link #look} by the watchdog alone.
 */
final class StallClock {
  /** So many bytes are a step; the most that one system call is given to send, too. */
  static final int STEP_BYTES = 1 << 18;

  /** The steps so far, times two, and one more while the client is waited for. */
  private final AtomicLong state = new AtomicLong();

  private int receivedInStep;
  private long seenSteps;
  private boolean seenWaiting;
  private long seenAtNanos;
  private long stalledNanos;

  /** The client is waited for. */
  void begin() {
    state.setRelease(state.getPlain() + 1);
  }

  /** The client is waited for no more. */
  void end() {
    state.setRelease(state.getPlain() - 1);
  }

  /** A part of a message has come. */
  void received(int bytes) {
    receivedInStep += bytes;
    if (receivedInStep >= STEP_BYTES) {
      moved();
    }
  }

  /** A step has been made. */
  void moved() {
    receivedInStep = 0;
    state.setRelease(state.getPlain() + 2);
  }

  /**
   * Looks again.
   *
   * @return how long the transfer under way is known to stand still because of the client, in
   *     nanoseconds; 0 if it does not
   */
  long look(long nowNanos) {
    long now = state.getAcquire();
    boolean waiting = (now & 1) != 0;
    long steps = now >>> 1;
    if (steps != seenSteps) {
      stalledNanos = 0;
    } else if (waiting && seenWaiting) {
      stalledNanos += nowNanos - seenAtNanos;
    }
    seenSteps = steps;
    seenWaiting = waiting;
    seenAtNanos = nowNanos;
    return waiting ? stalledNanos : 0;
  }
}
