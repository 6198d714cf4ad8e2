package io.pcache.media;

import java.lang.foreign.MemorySegment;
import java.util.UUID;

/**
 * Memory that outlives this process, but not the machine: what a killed process stored there, the
 * next one finds.
 *
 * <p>Thread-safety: {@link #store} and {@link #bytes} from any thread, the rest from the owner's;
 * {@link #close} once and after all others.
 */
public interface SharedMemory extends AutoCloseable {
  /** All bytes, live. */
  MemorySegment bytes();

  /**
   * Stores a word behind everything that this thread stored before: where a killed process leaves
   * this word, it leaves those too.
   *
   * @param offsetBytes a multiple of 8
   */
  default void store(long offsetBytes, long value) {
    OrderedWords.store(bytes(), offsetBytes, value);
  }

  /**
   * Which run of the machine this is. While it stays the same, a device also keeps what was written
   * and not synced.
   */
  UUID bootId();

  /** Whether it really outlives the process, now. */
  boolean outlivesProcess();

  /** Where it is, or, where it does not outlive the process, why. */
  String describe();

  /** Nothing in it is needed any more: the next process finds nothing. */
  void remove();

  /** Releases it. What was stored stays. */
  @Override
  void close();
}
