package io.pcache.testkit;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** What changes overwrote, in order, so that they can be taken back. Not thread-safe. */
final class UndoJournal {
  /** Told of every range that has been put back. */
  interface RangeListener {
    void restored(long offsetBytes, long lengthBytes);
  }

  private long[] offsets = new long[64];
  private int[] starts = new int[65];
  private byte[] kept = new byte[64 << 10];
  private int entries;

  int entries() {
    return entries;
  }

  /** Keeps a range that is about to be overwritten. */
  void keep(MemorySegment bytes, long offsetBytes, long lengthBytes) {
    int start = starts[entries];
    int end = Math.toIntExact(start + lengthBytes);
    if (end > kept.length) {
      kept = Arrays.copyOf(kept, Math.max(end, Math.toIntExact(2L * kept.length)));
    }
    if (entries + 1 == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * offsets.length);
      starts = Arrays.copyOf(starts, 2 * offsets.length + 1);
    }
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, offsetBytes, kept, start, (int) lengthBytes);
    offsets[entries] = offsetBytes;
    starts[++entries] = end;
  }

  /** Takes back everything since there were {@code mark} entries, the last one first. */
  void undoTo(int mark, MemorySegment bytes, RangeListener listener) {
    while (entries > mark) {
      entries--;
      int length = starts[entries + 1] - starts[entries];
      MemorySegment.copy(
          kept, starts[entries], bytes, ValueLayout.JAVA_BYTE, offsets[entries], length);
      listener.restored(offsets[entries], length);
    }
  }
}
