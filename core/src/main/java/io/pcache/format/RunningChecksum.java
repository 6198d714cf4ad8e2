package io.pcache.format;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The {@link Checksum} of bytes that come piece by piece.
 *
 * <p>{@link CRC32C} starts from all ones and inverts at the end. Four bytes can steer a CRC
 * register to any value, so the prefix {@code 68 0E A7 4A} brings it to the seed first, and the
 * result is inverted back: the processor's own CRC instruction does the work.
 *
 * <p>Not thread-safe.
 */
public final class RunningChecksum {
  private static final byte[] SEED_PREFIX = {0x68, 0x0E, (byte) 0xA7, 0x4A};

  private final CRC32C crc = new CRC32C();

  /** Begins a checksum of nothing. */
  public RunningChecksum() {
    restart();
  }

  /** Begins anew. */
  public void restart() {
    crc.reset();
    crc.update(SEED_PREFIX, 0, SEED_PREFIX.length);
  }

  /** Adds bytes. */
  public void add(byte[] bytes, int offset, int length) {
    crc.update(bytes, offset, length);
  }

  /**
   * Adds the bytes from a buffer's position to its limit, and moves the position there.
   *
   * @param bytes memory whose pages cannot fail; a mapping of a file goes through {@link Checksum}
   */
  public void add(ByteBuffer bytes) {
    crc.update(bytes);
  }

  /** The checksum of all bytes since the last {@link #restart}. */
  public int value() {
    return ~(int) crc.getValue();
  }
}
