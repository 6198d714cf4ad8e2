package io.pcache.format;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Computes the {@link Checksum} of bytes that arrive in pieces.
 *
 * <p>{@link CRC32C} starts from all ones and inverts at the end. A prefix of four bytes can set a
 * CRC register to any value. So the prefix {@code 68 0E A7 4A} sets it to the seed, and the result
 * is inverted back. Thus the processor's own CRC instruction does the work.
 *
 * <p>Not thread-safe.
 */
public final class RunningChecksum {
  private static final byte[] SEED_PREFIX = {0x68, 0x0E, (byte) 0xA7, 0x4A};

  private final CRC32C crc = new CRC32C();

  /** Creates a checksum of no bytes. */
  public RunningChecksum() {
    restart();
  }

  /** Restarts with no bytes. */
  public void restart() {
    crc.reset();
    crc.update(SEED_PREFIX, 0, SEED_PREFIX.length);
  }

  /** Adds bytes. */
  public void add(byte[] bytes, int offset, int length) {
    crc.update(bytes, offset, length);
  }

  /**
   * Adds the bytes from a buffer's position to its limit, and moves the position to the limit.
   *
   * @param bytes memory whose pages cannot fail; use {@link Checksum} for a mapping of a file
   */
  public void add(ByteBuffer bytes) {
    crc.update(bytes);
  }

  /** Returns the checksum of all bytes since the last {@link #restart}. */
  public int value() {
    return ~(int) crc.getValue();
  }
}
