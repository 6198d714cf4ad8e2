package io.pcache.media;

import java.lang.foreign.MemorySegment;

/** Scans for bytes that are not zero, block by block, at memory speed. */
final class ZeroScan {
  private static final int BLOCK_BYTES = 64 << 10;
  private static final MemorySegment ZEROES =
      MemorySegment.ofArray(new long[BLOCK_BYTES / Long.BYTES]).asReadOnly();

  private ZeroScan() {}

  static boolean isZero(MemorySegment bytes, long offsetBytes, long lengthBytes) {
    for (long done = 0; done < lengthBytes; done += BLOCK_BYTES) {
      long n = Math.min(BLOCK_BYTES, lengthBytes - done);
      long from = offsetBytes + done;
      if (MemorySegment.mismatch(bytes, from, from + n, ZEROES, 0, n) >= 0) {
        return false;
      }
    }
    return true;
  }
}
