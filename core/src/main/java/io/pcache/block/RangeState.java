package io.pcache.block;

/** What the cache holds of a range of the device. */
public enum RangeState {
  /** Nothing: a read goes to the backing device. */
  MISSING,
  /** A copy of what the backing device holds. */
  CLEAN,
  /** Newer than the backing device, or not known to be written back yet. */
  DIRTY
}
