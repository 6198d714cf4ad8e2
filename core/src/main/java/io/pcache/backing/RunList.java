package io.pcache.backing;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The runs that one request transfers. A run is an offset on the device and the pieces of memory
 * that belong there. The list can be refilled without garbage.
 *
 * <p>Not thread-safe.
 */
final class RunList {
  private static final int INITIAL_CAPACITY = 1;

  private PieceList[] pieces = {new PieceList()};
  private long[] offsetsBytes = new long[INITIAL_CAPACITY];
  private int count;
  private long lengthBytes;

  /** Begins a run. Pieces appended from now on belong to it. */
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

  /** Drops all runs, so that no memory is kept alive. */
  void removeAll() {
    for (int i = 0; i < count; i++) {
      pieces[i].removeAll();
    }
    count = 0;
    lengthBytes = 0;
  }

  /** The number of runs. */
  int count() {
    return count;
  }

  /** The offset of run {@code i} on the device. */
  long offsetBytes(int i) {
    return offsetsBytes[i];
  }

  /** The memory of run {@code i}, in order. */
  PieceList pieces(int i) {
    return pieces[i];
  }

  /** The length of all runs in bytes. */
  long lengthBytes() {
    return lengthBytes;
  }
}
