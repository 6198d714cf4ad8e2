package io.pcache.agent;

/**
 * Calls of a device that have not returned.
 *
 * <p>Thread-safety: from any thread, without waiting.
 */
@FunctionalInterface
public interface OutstandingCalls {
  /** Returns the calls that have been in progress for at least that long. */
  Outstanding longerThan(long leastNanos);

  /**
   * Calls that have not returned.
   *
   * @param calls the number of calls
   * @param oldestNanos how long the oldest call has been in progress, 0 if there is none
   */
  record Outstanding(int calls, long oldestNanos) {
    /** Returns these calls and others. */
    public Outstanding and(Outstanding others) {
      return new Outstanding(calls + others.calls, Math.max(oldestNanos, others.oldestNanos));
    }
  }
}
