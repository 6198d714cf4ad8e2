package io.pcache.media;

import io.pcache.nativeio.PageFaults;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Scans for bytes that are not zero, block by block, at memory speed.
 *
 * <p>Bytes pass through a small heap buffer. If the device cannot deliver a page of a mapping, the
 * {@link InternalError} then occurs in a plain copy, where the virtual machine can handle it.
 * Inside its stub for comparisons the failed page would end the process.
 */
final class ZeroScan {
  private static final int BLOCK_BYTES = 8 << 10;
  private static final byte[] ZEROES = new byte[BLOCK_BYTES];

  private ZeroScan() {}

  /** Returns whether every byte of the range can be read and is zero. */
  static boolean isZero(MemorySegment bytes, long offsetBytes, long lengthBytes) {
    try {
      boolean isZero = readsAsZero(bytes, offsetBytes, lengthBytes);
      PageFaults.deliver();
      return isZero;
    } catch (InternalError e) {
      return false;
    }
  }

  private static boolean readsAsZero(MemorySegment bytes, long offsetBytes, long lengthBytes) {
    byte[] block = new byte[BLOCK_BYTES];
    for (long done = 0; done < lengthBytes; done += BLOCK_BYTES) {
      int n = (int) Math.min(BLOCK_BYTES, lengthBytes - done);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, offsetBytes + done, block, 0, n);
      if (Arrays.mismatch(block, 0, n, ZEROES, 0, n) >= 0) {
        return false;
      }
    }
    return true;
  }
}
