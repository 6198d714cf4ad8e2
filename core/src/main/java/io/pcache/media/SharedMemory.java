package io.pcache.media;

import java.lang.foreign.MemorySegment;
import java.util.UUID;

/**
 * Memory that outlives this process, but not the machine. The next process finds what a killed
 * process stored there.
 *
 * <p>A page of it may fail, for example if its file is cut. Then this memory is given up: stores do
 * nothing from then on, and {@link #outlivesProcess} is false. So a store is never the only place
 * where something is kept. Compiled code may report a failed page late, as an {@link InternalError}
 * behind the store. {@link #settle} prevents that.
 *
 * <p>Thread-safety: all methods from any thread, but {@link #remove} and {@link #close} from the
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

  /** Stores a record, its bytes in any order, but before all later words. */
  default void store(long offsetBytes, MemoryRecord record) {
    record.store(bytes(), offsetBytes);
  }

  /**
   * Returns a word, or 0 if the memory has failed.
   *
   * @param offsetBytes a multiple of 8
   */
  default long load(long offsetBytes) {
    return OrderedWords.load(bytes(), offsetBytes);
  }

  /** Makes failures of this thread's earlier accesses take effect before this returns. */
  default void settle() {
    // Memory of the process itself does not fail.
  }

  /** Returns whether a page has failed, or would fail now. This may make system calls. */
  default boolean hasFailed() {
    return false;
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
