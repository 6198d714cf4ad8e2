package io.pcache.nbd;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The number that each message of a kind begins with, most significant byte first.
 *
 * @param message of what kind, for people
 * @param value in its lowest bytes
 * @param bytes how many it has, 1 to 8
 */
record Magic(String message, long value, int bytes) {
  /**
   * Checks as much of it as has been received.
   *
   * @param received the message so far, at least one byte; its position stays
   * @throws ProtocolViolation where it is the start of another kind of message, or of none
   */
  void check(ByteBuffer received) throws ProtocolViolation {
    int count = Math.min(bytes, received.remaining());
    int missingBits = Byte.SIZE * (bytes - count);
    long found = start(received, bytes) >>> missingBits;
    if (found != value >>> missingBits) {
      throw new ProtocolViolation(
          "0x%s where %s begins with 0x%s"
              .formatted(
                  HexFormat.of().toHexDigits(found, 2 * count),
                  message,
                  HexFormat.of().toHexDigits(value, 2 * bytes)));
    }
  }

  /** A number of so many bytes, of which not all may have come: those are 0. */
  static long start(ByteBuffer received, int bytes) {
    int count = Math.min(bytes, received.remaining());
    long number = 0;
    for (int i = 0; i < count; i++) {
      number = (number << Byte.SIZE) | Byte.toUnsignedLong(received.get(received.position() + i));
    }
    return number << (Byte.SIZE * (bytes - count));
  }
}
