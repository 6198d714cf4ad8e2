package io.pcache.cache.destage;

import io.pcache.cache.commit.LogCommitter;
import io.pcache.cache.pace.AgentWakeups;
import io.pcache.cache.pace.Throttle;
import io.pcache.log.LogPosition;

/**
 * Gets writes going that wait although nothing in the log is left to reclaim: the segments that are
 * in use may be held by keys that are not in the log yet.
 *
 * <p>Thread-safety: one thread, that of reclaiming.
 */
public final class StuckWrites {
  private final ReclaimPolicy policy;
  private final LogCommitter committer;
  private final Writeback writeback;
  private final Throttle throttle;
  private final AgentWakeups wakeups;

  /** Looks after the writes that a policy knows of. */
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

  /** Commits what is staged, and lets writes in without credit, where nothing else helps. */
  void goOn(LogPosition keyTail) {
    if (policy.writesWait() && keyTail.equals(writeback.dirtyTail()) && writeback.isDone()) {
      committer.commitStaged();
      // Who waits for segments instead goes on when they come free.
      if (throttle.refill()) {
        wakeups.writeQueue().wake();
      }
    }
  }
}
