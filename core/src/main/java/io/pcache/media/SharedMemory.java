package io.pcache.media;

import java.lang.foreign.MemorySegment;
import java.util.UUID;

/**
 * Memory that outlives this process, but not the machine. The next process finds what a killed
 * process stored there.
 *
 * <p>Thread-safety: {@link #store} and {@link #bytes} from any thread, all other methods from the
 * owner's. {@link #close} once and after all others.
 */
public interface SharedMemory extends AutoCloseable {
  /** Returns all bytes, live. */
  MemorySegment bytes();

  /**
   * Stores a word after all earlier stores of this thread. If a killed process leaves this word, it
   * leaves those stores too.
   *
   * @param offsetBytes a multiple of 8
   */
  default void store(long offsetBytes, long value) {
    OrderedWords.store(bytes(), offsetBytes, value);
  }

  /**
   * Returns the boot id of the machine. As long as it stays the same, a device also keeps writes
   * that were not synced.
   */
  UUID bootId();

  /** Returns whether the memory outlives the process, as of now. */
  boolean outlivesProcess();

  /** Returns its location, or why it does not outlive the process. */
  String describe();

  /** Discards the contents, so that the next process finds nothing. */
  void remove();

  /** Releases the memory. Its contents stay. */
  @Override
  void close();
}
