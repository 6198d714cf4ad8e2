package io.pcache.block;

import io.pcache.nativeio.PageFaults;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The memory of a request: one piece, or several in order. A piece is a range of a memory segment
 * and may have any length. So a front end that maps the memory of another process or machine names
 * ranges of it. It needs no new object per request.
 *
 * <p>Offsets into the buffer count from the start of its first piece. The copying methods do not
 * check whether the memory of a piece may be accessed. The device checks that when the request is
 * submitted.
 *
 * <p>Thread-safety: one thread fills the buffer before submission. From then on any number may read
 * it.
 */
public final class RequestBuffer {
  private static final int FIRST_PIECES = 1;
  private static final int SMALLEST_PAGE_BYTES = 4096;

  private MemorySegment[] memory = {MemorySegment.NULL};
  private long[] memoryOffsetsBytes = new long[FIRST_PIECES];

  /** The end of each piece in the buffer. */
  private long[] endsBytes = new long[FIRST_PIECES];

  private int count;

  RequestBuffer() {}

  /** Drops all pieces, so that no memory is kept alive. */
  void removeAll() {
    Arrays.fill(memory, 0, count, MemorySegment.NULL);
    count = 0;
  }

  /** Adds a piece. A piece of length 0 adds nothing. */
  void add(MemorySegment piece, long offsetBytes, long lengthBytes) {
    if (lengthBytes == 0) {
      return;
    }
    if (count == memory.length) {
      memory = Arrays.copyOf(memory, 2 * count);
      memoryOffsetsBytes = Arrays.copyOf(memoryOffsetsBytes, 2 * count);
      endsBytes = Arrays.copyOf(endsBytes, 2 * count);
    }
    long end = lengthBytes() + lengthBytes;
    memory[count] = piece;
    memoryOffsetsBytes[count] = offsetBytes;
    // Impossible lengths are refused later. Until then no sum may overflow to a small one.
    endsBytes[count] = end < 0 ? Long.MAX_VALUE : end;
    count++;
  }

  /** The length of all pieces in bytes. */
  public long lengthBytes() {
    return count == 0 ? 0 : endsBytes[count - 1];
  }

  /** The number of pieces. */
  public int pieces() {
    return count;
  }

  /** The piece that holds a byte of the buffer. */
  public int pieceAt(long atBytes) {
    if (count == 1) {
      return 0;
    }
    int found = Arrays.binarySearch(endsBytes, 0, count, atBytes);
    // The end of a piece is the start of the next.
    return found < 0 ? -found - 1 : found + 1;
  }

  /** The segment that contains a piece. */
  public MemorySegment memory(int piece) {
    return memory[piece];
  }

  /** Whether a piece lies inside the segment that was given for it. */
  public boolean isInsideMemory(int piece) {
    long offset = memoryOffsetsBytes[piece];
    long length = endsBytes[piece] - startBytes(piece);
    return offset >= 0 && length >= 0 && offset <= memory[piece].byteSize() - length;
  }

  /** The offset of a byte of the buffer in the memory of its piece. */
  public long memoryOffsetBytes(int piece, long atBytes) {
    return memoryOffsetsBytes[piece] + atBytes - startBytes(piece);
  }

  /** The start of a piece in the buffer. */
  public long startBytes(int piece) {
    return piece == 0 ? 0 : endsBytes[piece - 1];
  }

  /** The end of a piece in the buffer. */
  public long endBytes(int piece) {
    return endsBytes[piece];
  }

  /**
   * Whether every page of the pieces can be read now. Memory that maps a file loses pages if the
   * file is truncated. This check is slow. It finds the cause after a transfer has failed.
   */
  public boolean isReadable() {
    MemorySegment unused = MemorySegment.ofArray(new byte[1]);
    try {
      for (int piece = 0; piece < count; piece++) {
        long end = memoryOffsetBytes(piece, endsBytes[piece]);
        for (long at = memoryOffsetsBytes[piece]; at < end; at += SMALLEST_PAGE_BYTES) {
          MemorySegment.copy(memory[piece], at, unused, 0, 1);
        }
        MemorySegment.copy(memory[piece], end - 1, unused, 0, 1);
      }
      PageFaults.deliver();
      return true;
    } catch (InternalError | IllegalStateException e) {
      return false;
    }
  }

  /**
   * Copies bytes into the buffer.
   *
   * @param atBytes offset in the buffer
   */
  public void put(long atBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    long done = 0;
    for (int i = pieceAt(atBytes); done < lengthBytes; i++) {
      long at = atBytes + done;
      long n = Math.min(lengthBytes - done, endsBytes[i] - at);
      MemorySegment.copy(source, sourceOffsetBytes + done, memory[i], memoryOffsetBytes(i, at), n);
      done += n;
    }
  }

  /**
   * Copies bytes out of the buffer.
   *
   * @param atBytes offset in the buffer
   */
  public void get(long atBytes, MemorySegment target, long targetOffsetBytes, long lengthBytes) {
    long done = 0;
    for (int i = pieceAt(atBytes); done < lengthBytes; i++) {
      long at = atBytes + done;
      long n = Math.min(lengthBytes - done, endsBytes[i] - at);
      MemorySegment.copy(memory[i], memoryOffsetBytes(i, at), target, targetOffsetBytes + done, n);
      done += n;
    }
  }
}
