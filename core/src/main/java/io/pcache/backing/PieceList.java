package io.pcache.backing;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * The pieces of one request. Other classes only read the list. It can be refilled without garbage.
 */
final class PieceList extends AbstractList<MemorySegment> implements RandomAccess {
  private static final int INITIAL_CAPACITY = 8;

  private @Nullable MemorySegment[] pieces = new MemorySegment[INITIAL_CAPACITY];
  private int count;
  private long lengthBytes;

  void append(MemorySegment piece) {
    if (count == pieces.length) {
      pieces = Arrays.copyOf(pieces, 2 * count);
    }
    pieces[count++] = piece;
    lengthBytes += piece.byteSize();
  }

  /** Drops all pieces, so that the list keeps no memory alive. */
  void removeAll() {
    Arrays.fill(pieces, 0, count, null);
    count = 0;
    lengthBytes = 0;
  }

  /** The length of all pieces in bytes. */
  long lengthBytes() {
    return lengthBytes;
  }

  @Override
  public MemorySegment get(int index) {
    return Objects.requireNonNull(pieces[Objects.checkIndex(index, count)]);
  }

  @Override
  public int size() {
    return count;
  }
}
