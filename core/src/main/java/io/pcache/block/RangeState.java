package io.pcache.block;

/** The cache's state of a range of the device. */
public enum RangeState {
  /** Not in the cache. A read goes to the backing device. */
  MISSING,
  /** A copy of the backing device's data. */
  CLEAN,
  /** Newer than the backing device, or not known to be written back yet. */
  DIRTY
}
