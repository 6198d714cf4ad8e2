package io.pcache.backing;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What one request moves: runs, each a place on the device and the pieces of memory that belong
 * there. Filled again and again without garbage.
 *
 * <p>Not thread-safe.
 */
final class RunList {
  private static final int INITIAL_CAPACITY = 1;

  private PieceList[] pieces = {new PieceList()};
  private long[] offsetsBytes = new long[INITIAL_CAPACITY];
  private int count;
  private long lengthBytes;

  /** Begins a run; pieces that are appended belong to it. */
  void begin(long offsetBytes) {
    if (count == pieces.length) {
      pieces = Arrays.copyOf(pieces, 2 * count);
      offsetsBytes = Arrays.copyOf(offsetsBytes, 2 * count);
      for (int i = count; i < pieces.length; i++) {
        pieces[i] = new PieceList();
      }
    }
    offsetsBytes[count++] = offsetBytes;
  }

  void append(MemorySegment piece) {
    pieces[count - 1].append(piece);
    lengthBytes += piece.byteSize();
  }

  /** Forgets all runs, so that no memory is kept alive. */
  void removeAll() {
    for (int i = 0; i < count; i++) {
      pieces[i].removeAll();
    }
    count = 0;
    lengthBytes = 0;
  }

  /** How many runs there are. */
  int count() {
    return count;
  }

  /** Where run {@code i} lies on the device. */
  long offsetBytes(int i) {
    return offsetsBytes[i];
  }

  /** The memory of run {@code i}, in order. */
  PieceList pieces(int i) {
    return pieces[i];
  }

  /** The bytes of all runs together. */
  long lengthBytes() {
    return lengthBytes;
  }
}
