package io.pcache.log;

/**
 * A reader that goes through the log key set by key set. key_tail does not pass a position that a
 * follower still needs.
 */
@FunctionalInterface
public interface LogFollower {
  /**
   * Returns the position before which this follower needs nothing any more. That position is
   * durable: after a crash the follower resumes there or later. It is the start of a key set or the
   * end of the log, because reclaiming takes whole key sets. It never moves backwards. Any thread
   * may call this.
   */
  LogPosition durableTail();
}
