package io.pcache;

/** Told from time to time how far a drain is. */
@FunctionalInterface
public interface DrainProgress {
  /**
   * One report.
   *
   * @param dirtyBytesLeft bytes that still have to reach the backing device
   * @param dirtyBytesAtStart bytes there were when the drain began
   */
  void report(long dirtyBytesLeft, long dirtyBytesAtStart);
}
