package io.pcache.cache.destage;

import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.pace.AgentWakeups;
import io.pcache.cache.pace.Throttle;
import io.pcache.log.LogPosition;

/**
 * Helps waiting writes when nothing in the log is left to reclaim. The segments in use may be held
 * by keys that are not in the log yet.
 *
 * <p>Thread-safety: one thread, that of the reclaimer.
 */
public final class StuckWrites {
  private final ReclaimPolicy policy;
  private final LogCommitter committer;
  private final Writeback writeback;
  private final Throttle throttle;
  private final AgentWakeups wakeups;

  /** Creates a helper for the waiting writes that {@code policy} counts. */
  public StuckWrites(
      ReclaimPolicy policy,
      LogCommitter committer,
      Writeback writeback,
      Throttle throttle,
      AgentWakeups wakeups) {
    this.policy = policy;
    this.committer = committer;
    this.writeback = writeback;
    this.throttle = throttle;
    this.wakeups = wakeups;
  }

  /** If nothing else helps, commits the staged keys and refills the throttle. */
  void help(LogPosition keyTail) {
    if (policy.writesWait() && keyTail.equals(writeback.dirtyTail()) && writeback.isDone()) {
      committer.commitStaged();
      // Writes that wait for segments instead continue when some become free.
      if (throttle.refill()) {
        wakeups.writeQueue().wake();
      }
    }
  }
}
