package io.pcache.format;

import io.pcache.nativeio.PageFaults;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The checksum of everything on media: CRC-32C (Castagnoli), reflected, with the seed {@code
 * 0x0003B15A} and without the final inversion. Check value over the ASCII bytes {@code 123456789}:
 * {@code 0xE5868AB2}.
 *
 * <p>Bytes pass through a small heap buffer. If the device cannot deliver a page of a mapping, the
 * {@link InternalError} then occurs in a plain copy, where the virtual machine can handle it. It
 * could not handle it inside its checksum stub.
 *
 * <p>Thread-safety: {@link #of} from any thread.
 */
public final class Checksum {
  /** The register's start value, a constant of the format. */
  public static final int SEED = 0x0003B15A;

  private static final int CHUNK_BYTES = 8 << 10;
  private static final ThreadLocal<Checksum> LOCAL = ThreadLocal.withInitial(Checksum::new);

  private final RunningChecksum running = new RunningChecksum();
  private final byte[] chunk = new byte[CHUNK_BYTES];

  private Checksum() {}

  /**
   * Returns the checksum of {@code lengthBytes} bytes of {@code bytes}, from {@code offsetBytes}
   * on.
   */
  public static int of(MemorySegment bytes, long offsetBytes, long lengthBytes) {
    return LOCAL.get().compute(bytes, offsetBytes, lengthBytes);
  }

  private int compute(MemorySegment bytes, long offsetBytes, long lengthBytes) {
    running.restart();
    for (long done = 0; done < lengthBytes; ) {
      int n = (int) Math.min(CHUNK_BYTES, lengthBytes - done);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, offsetBytes + done, chunk, 0, n);
      running.add(chunk, 0, n);
      done += n;
    }
    PageFaults.deliver();
    return running.value();
  }
}
