package io.pcache.log;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * All who follow the log.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class LogFollowers {
  private final List<LogFollower> followers = new CopyOnWriteArrayList<>();

  /** Begins with one. */
  public LogFollowers(LogFollower first) {
    followers.add(first);
  }

  /** Adds one that needs nothing from before key_tail. */
  public void add(LogFollower follower) {
    followers.add(follower);
  }

  /** What all of them have passed durably. */
  public LogPosition durableTail() {
    LogPosition smallest = followers.getFirst().durableTail();
    for (LogFollower follower : followers) {
      smallest = LogPosition.earlier(smallest, follower.durableTail());
    }
    return smallest;
  }
}
