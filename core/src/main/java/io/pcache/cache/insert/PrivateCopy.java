package io.pcache.cache.insert;

import io.pcache.format.RunningChecksum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A small private buffer with a running checksum. A client may change its own buffer at any time.
 * So each byte is fetched once, and the fetched bytes are both checksummed and written.
 *
 * <p>Not thread-safe.
 */
final class PrivateCopy {
  /**
   * Small enough to stay in a processor's cache between the two copies, and large enough for a
   * system call.
   */
  static final int SIZE_BYTES = 64 << 10;

  final RunningChecksum checksum = new RunningChecksum();

  private final MemorySegment memory = Arena.ofAuto().allocate(SIZE_BYTES, 4096);
  private final ByteBuffer bytes = memory.asByteBuffer();

  /** The private memory, {@link #SIZE_BYTES} long. */
  MemorySegment memory() {
    return memory;
  }

  /** Adds the first {@code lengthBytes} bytes of the memory to the checksum. */
  void addToChecksum(int lengthBytes) {
    bytes.limit(lengthBytes).position(0);
    checksum.add(bytes);
  }
}
