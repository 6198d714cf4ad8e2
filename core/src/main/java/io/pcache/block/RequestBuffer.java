package io.pcache.block;

import io.pcache.nativeio.PageFaults;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Where the bytes of a request are: one piece of memory, or several in order. A piece is a range of
 * a memory segment and of any length, so that a front end that has the memory of another process or
 * machine mapped names ranges of it and makes no object per request.
 *
 * <p>Offsets into the buffer count from the start of its first piece. The copying methods do not
 * check that the piece is memory that may be touched; the device does, when the request is
 * submitted.
 *
 * <p>Thread-safety: filled by one thread before submission; from then on read by any number.
 */
public final class RequestBuffer {
  private static final int FIRST_PIECES = 1;
  private static final int SMALLEST_PAGE_BYTES = 4096;

  private MemorySegment[] memory = {MemorySegment.NULL};
  private long[] memoryOffsetsBytes = new long[FIRST_PIECES];

  /** Where each piece ends in the buffer. */
  private long[] endsBytes = new long[FIRST_PIECES];

  private int count;

  RequestBuffer() {}

  /** Forgets all pieces, so that no memory is kept alive. */
  void removeAll() {
    Arrays.fill(memory, 0, count, MemorySegment.NULL);
    count = 0;
  }

  /** Adds a piece; one without bytes adds nothing. */
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
    // Lengths that no memory has are refused later; until then none may pass for a small one.
    endsBytes[count] = end < 0 ? Long.MAX_VALUE : end;
    count++;
  }

  /** The bytes of all pieces together. */
  public long lengthBytes() {
    return count == 0 ? 0 : endsBytes[count - 1];
  }

  /** How many pieces there are. */
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

  /** The memory that a piece is a range of. */
  public MemorySegment memory(int piece) {
    return memory[piece];
  }

  /** Whether a piece lies inside the memory that it is said to be a range of. */
  public boolean isInsideMemory(int piece) {
    long offset = memoryOffsetsBytes[piece];
    long length = endsBytes[piece] - startBytes(piece);
    return offset >= 0 && length >= 0 && offset <= memory[piece].byteSize() - length;
  }

  /** Where in its piece's memory a byte of the buffer is. */
  public long memoryOffsetBytes(int piece, long atBytes) {
    return memoryOffsetsBytes[piece] + atBytes - startBytes(piece);
  }

  /** Where in the buffer a piece begins. */
  public long startBytes(int piece) {
    return piece == 0 ? 0 : endsBytes[piece - 1];
  }

  /** Where in the buffer a piece ends. */
  public long endBytes(int piece) {
    return endsBytes[piece];
  }

  /**
   * Whether every page of the pieces can be read now. Memory that maps a file loses pages where the
   * file is cut. Slow: for telling, after a transfer has failed, whose fault it was.
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
   * @param atBytes where in the buffer
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
   * @param atBytes where in the buffer
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
