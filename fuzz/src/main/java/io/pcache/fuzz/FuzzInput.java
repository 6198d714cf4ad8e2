package io.pcache.fuzz;

import java.util.Arrays;

/**
 * Reads choices from an input. Past its end everything is 0, so that every input means something.
 *
 * <p>Thread-safety: one thread.
 */
final class FuzzInput {
  private final byte[] bytes;
  private int at;

  FuzzInput(byte[] bytes) {
    this.bytes = bytes;
  }

  boolean hasMore() {
    return at < bytes.length;
  }

  int u8() {
    return at < bytes.length ? bytes[at++] & 0xFF : 0;
  }

  int u16() {
    return u8() | u8() << 8;
  }

  int u32() {
    return u16() | u16() << 16;
  }

  long u64() {
    return Integer.toUnsignedLong(u32()) | (long) u32() << 32;
  }

  /** As many of the next bytes as there are. */
  byte[] take(int length) {
    int end = Math.min(bytes.length, at + length);
    byte[] taken = Arrays.copyOfRange(bytes, at, end);
    at = end;
    return taken;
  }

  /** All that is left. */
  byte[] rest() {
    return take(bytes.length - at);
  }
}
