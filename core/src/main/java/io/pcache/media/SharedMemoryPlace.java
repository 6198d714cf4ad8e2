package io.pcache.media;

import java.util.UUID;

/** Where memory that outlives the process is to be had. Thread-safety: any thread. */
@FunctionalInterface
public interface SharedMemoryPlace {
  /**
   * Opens the memory of one owner, with what an earlier process left in it. Where none can be had
   * this is memory of the process alone, which says why; it never fails.
   *
   * @param owner whose memory it is; only one process at a time may ask for it
   * @param sizeBytes how much is needed
   */
  SharedMemory open(UUID owner, long sizeBytes);

  /** Whether something of this owner is there, be it fit to be opened or not. */
  default boolean holds(UUID owner) {
    return false;
  }

  /**
   * Nowhere: memory of the process alone.
   *
   * @param why for status
   */
  static SharedMemoryPlace none(String why) {
    return (owner, sizeBytes) -> new ProcessMemory(sizeBytes, why);
  }
}
