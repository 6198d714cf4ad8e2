package io.pcache.testkit;

import io.pcache.index.ExtentIndex;

/** Limits for the index of a test. */
public final class IndexHeap {
  private IndexHeap() {}

  /** The heap that an index of this many extents takes, in bytes, if they are dense. */
  public static long bytes(long deviceBytes, boolean withSourceKeys, int extents) {
    return ExtentIndex.emptyHeapBytes(deviceBytes, withSourceKeys)
        + ExtentIndex.unitBytes(ExtentIndex.units(extents), withSourceKeys);
  }
}
