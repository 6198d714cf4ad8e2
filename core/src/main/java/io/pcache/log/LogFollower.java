package io.pcache.log;

/**
 * Somebody who goes through the log from key set to key set. key_tail does not pass what a follower
 * still needs.
 */
@FunctionalInterface
public interface LogFollower {
  /**
   * Everything before it is not needed any more, and that is durable: after a crash the follower
   * goes on there, or later. It never goes back. Any thread.
   */
  LogPosition durableTail();
}
