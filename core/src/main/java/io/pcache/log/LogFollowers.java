package io.pcache.log;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * All followers of the log.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class LogFollowers {
  private final List<LogFollower> followers = new CopyOnWriteArrayList<>();

  /** Creates the list with its first follower. */
  public LogFollowers(LogFollower first) {
    followers.add(first);
  }

  /** Adds a follower. It must not need anything before key_tail. */
  public void add(LogFollower follower) {
    followers.add(follower);
  }

  /** Returns the earliest durable tail of all followers. */
  public LogPosition durableTail() {
    LogPosition smallest = followers.getFirst().durableTail();
    for (LogFollower follower : followers) {
      smallest = LogPosition.earlier(smallest, follower.durableTail());
    }
    return smallest;
  }
}
