package io.pcache.media;

import java.util.List;
import java.util.UUID;

/** A source of memory that outlives the process. Thread-safety: any thread. */
@FunctionalInterface
public interface SharedMemoryPlace {
  /**
   * Opens the memory of one owner, with the contents that an earlier process left in it. This never
   * fails. If no shared memory is available, it returns memory of this process alone, whose
   * description gives the reason.
   *
   * @param owner the owner of the memory; only one process at a time may request it
   * @param sizeBytes number of bytes needed
   */
  SharedMemory open(UUID owner, long sizeBytes);

  /**
   * Returns whether anything of this owner exists, even if it cannot be opened. If that cannot be
   * determined, the answer is true.
   */
  default boolean holds(UUID owner) {
    return false;
  }

  /** Returns where memory of any owner exists for a device of the present device's number. */
  default List<String> ofThisDevice() {
    return List.of();
  }

  /** Returns the folder of the memory, for a later process to search; empty if there is none. */
  default String folder() {
    return "";
  }

  /**
   * Returns the memory of this owner that is kept for other devices and that no process uses.
   * Nothing is changed.
   *
   * @param sizeBytes number of bytes needed; smaller memory is left out
   * @param earlierFolder the {@link #folder} of an earlier process, which is searched too
   */
  default List<StrayMemory> strays(UUID owner, long sizeBytes, String earlierFolder) {
    return List.of();
  }
}
