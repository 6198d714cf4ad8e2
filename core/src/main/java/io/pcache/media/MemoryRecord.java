package io.pcache.media;

import java.lang.foreign.MemorySegment;

/** A value that has a form in memory. */
@FunctionalInterface
public interface MemoryRecord {
  /** Stores all bytes of the form at an offset in {@code target}, in any order. */
  void store(MemorySegment target, long offsetBytes);
}
