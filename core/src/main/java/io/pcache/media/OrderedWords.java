package io.pcache.media;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Ordered stores of words to shared memory. If a process is killed, its stores remain in their
 * program order.
 */
public final class OrderedWords {
  private static final VarHandle WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private OrderedWords() {}

  /**
   * Stores a word after all earlier stores of this thread.
   *
   * @param offsetBytes a multiple of 8
   */
  public static void store(MemorySegment bytes, long offsetBytes, long value) {
    WORD.setRelease(bytes, offsetBytes, value);
  }

  /**
   * Loads a word.
   *
   * @param offsetBytes a multiple of 8
   */
  public static long load(MemorySegment bytes, long offsetBytes) {
    return (long) WORD.getAcquire(bytes, offsetBytes);
  }

  /** Orders all earlier stores of this thread before all later ones. */
  public static void orderStores() {
    VarHandle.storeStoreFence();
  }
}
