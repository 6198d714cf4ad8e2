package io.pcache.testkit.simulation;

/** What a life consists of. */
enum Action {
  /** A write of content. */
  WRITE(30),
  /** A write of content that is durable when it completes. */
  DURABLE_WRITE(12),
  /** Zeroes over content. */
  ZEROES(4),
  /** A read of content. */
  READ(12),
  /** A write of content whose buffer changes until it completes. */
  CARELESS_WRITE(6),
  /** A read of content into a buffer that other reads share. */
  CARELESS_READ(6),
  /** A flush. */
  FLUSH(10),
  /** A long write of zeroes elsewhere, which uses up segments. */
  FILL(12),
  /** Many small writes at once, for more than one key set in a commit. */
  BURST(1),
  /** A prefetch of content. */
  PREFETCH(3),
  /** Time passes. */
  PAUSE(12),
  /** A transfer or flush of the backing device is going to fail. */
  BACKING_FAULT(4),
  /** A range of the backing device fails until healed. */
  BAD_RANGE(1),
  /** The backing device is well again. */
  HEAL(3),
  /** Another gc_percent. */
  GC_PERCENT(3),
  /** A sync of the cache device is going to fail. */
  SYNC_FAULT(1),
  /** A client leaves without waiting for its requests, and another one takes its place. */
  LEAVE(6);

  private final int usualWeight;

  Action(int usualWeight) {
    this.usualWeight = usualWeight;
  }

  int usualWeight() {
    return usualWeight;
  }
}
