package io.pcache.backing;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Aligned native memory for the transfer of pieces that the system does not accept directly. A
 * cursor walks through those pieces chunk by chunk.
 *
 * <p>Thread-safety: used by one thread at a time.
 */
final class BounceBuffer {
  private final MemorySegment memory;
  private List<MemorySegment> pieces = List.of();
  private int index;
  private long doneInPiece;

  BounceBuffer(MemorySegment memory) {
    this.memory = memory;
  }

  MemorySegment memory() {
    return memory;
  }

  /** Puts the cursor at the start of the first piece. */
  void begin(List<MemorySegment> newPieces) {
    pieces = newPieces;
    index = 0;
    doneInPiece = 0;
  }

  /** Drops the pieces, so that the buffer keeps no memory alive. */
  void end() {
    begin(List.of());
  }

  /** Copies the next bytes of the pieces into the buffer. */
  void gather(long atBytes, long lengthBytes) {
    long done = 0;
    while (done < lengthBytes) {
      MemorySegment piece = pieces.get(index);
      long step = Math.min(lengthBytes - done, piece.byteSize() - doneInPiece);
      MemorySegment.copy(piece, doneInPiece, memory, atBytes + done, step);
      advance(piece, step);
      done += step;
    }
  }

  /** Copies bytes of the buffer to the cursor's position in the pieces. */
  void scatter(long atBytes, long lengthBytes) {
    long done = 0;
    while (done < lengthBytes) {
      MemorySegment piece = pieces.get(index);
      long step = Math.min(lengthBytes - done, piece.byteSize() - doneInPiece);
      MemorySegment.copy(memory, atBytes + done, piece, doneInPiece, step);
      advance(piece, step);
      done += step;
    }
  }

  private void advance(MemorySegment piece, long stepBytes) {
    doneInPiece += stepBytes;
    if (doneInPiece == piece.byteSize()) {
      index++;
      doneInPiece = 0;
    }
  }
}
