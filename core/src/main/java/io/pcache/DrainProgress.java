package io.pcache;

/** Receives reports of a drain's progress. */
@FunctionalInterface
public interface DrainProgress {
  /**
   * Reports the progress.
   *
   * @param dirtyBytesLeft bytes that still have to reach the backing device
   * @param dirtyBytesAtStart dirty bytes when the drain began
   */
  void report(long dirtyBytesLeft, long dirtyBytesAtStart);
}
