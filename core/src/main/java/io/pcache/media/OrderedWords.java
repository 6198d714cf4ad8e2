package io.pcache.media;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Words of shared memory, which a killed process leaves in the order of its stores. */
public final class OrderedWords {
  private static final VarHandle WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private OrderedWords() {}

  /**
   * Stores a word behind everything that this thread stored before.
   *
   * @param offsetBytes a multiple of 8
   */
  public static void store(MemorySegment bytes, long offsetBytes, long value) {
    WORD.setRelease(bytes, offsetBytes, value);
  }

  /** Everything that this thread stored so far comes before everything that it stores from now. */
  public static void orderStores() {
    VarHandle.storeStoreFence();
  }
}
