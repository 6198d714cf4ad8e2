package io.pcache.cache.request;

import io.pcache.block.RequestBuffer;
import io.pcache.cache.segment.Geometry;
import io.pcache.format.Checksum;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Puts the data of writes on the media and says its checksum. A writer's buffer may change
 * meanwhile: its bytes are then torn, but the checksum is that of the bytes on the media.
 *
 * <p>Without checksums the media takes the bytes from the writer's buffer. With them they go
 * through a {@link PrivateCopy}, which costs no more than the copy that summing makes anyway; to
 * sum what lies on the media would fault in every page of a file again. So do bytes from several
 * pieces of a buffer, which are often small, and of lengths that are no good for a positional
 * write.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class DataWriter {
  /** Empty while its thread uses what it held: on simulated devices writes nest. */
  private static final ThreadLocal<@Nullable PrivateCopy> IDLE_COPY = new ThreadLocal<>();

  private final Media media;
  private final boolean dataCrc;

  public DataWriter(Geometry geometry) {
    this.media = geometry.media();
    this.dataCrc = geometry.dataCrc();
  }

  /** Writes zeroes and returns their checksum, 0 where keys carry none. */
  public int zero(long mediaOffsetBytes, int lengthBytes) {
    media.zero(mediaOffsetBytes, lengthBytes);
    return dataCrc ? Checksum.of(media.view(), mediaOffsetBytes, lengthBytes) : 0;
  }

  /**
   * Writes a part of memory of our own, which nobody changes, and returns its checksum, 0 where
   * keys carry none.
   */
  public int write(MemorySegment bytes, long fromBytes, long mediaOffsetBytes, int lengthBytes) {
    media.write(mediaOffsetBytes, bytes, fromBytes, lengthBytes);
    return dataCrc ? Checksum.of(bytes, fromBytes, lengthBytes) : 0;
  }

  /**
   * Writes a part of a request's buffer and returns its checksum, 0 where keys carry none.
   *
   * @param fromBytes where the part begins in the buffer
   */
  public int write(RequestBuffer buffer, long fromBytes, long mediaOffsetBytes, int lengthBytes) {
    int piece = buffer.pieceAt(fromBytes);
    if (dataCrc || buffer.endBytes(piece) - fromBytes < lengthBytes) {
      return writeThroughCopy(buffer, fromBytes, mediaOffsetBytes, lengthBytes);
    }
    long at = buffer.memoryOffsetBytes(piece, fromBytes);
    media.write(mediaOffsetBytes, buffer.memory(piece), at, lengthBytes);
    return 0;
  }

  private int writeThroughCopy(
      RequestBuffer buffer, long fromBytes, long mediaOffsetBytes, int lengthBytes) {
    PrivateCopy idle = IDLE_COPY.get();
    PrivateCopy copy = idle == null ? new PrivateCopy() : idle;
    IDLE_COPY.set(null);
    try {
      copy.checksum.restart();
      for (int done = 0; done < lengthBytes; ) {
        int n = Math.min(PrivateCopy.SIZE_BYTES, lengthBytes - done);
        buffer.get(fromBytes + done, copy.memory(), 0, n);
        if (dataCrc) {
          copy.addToChecksum(n);
        }
        media.write(mediaOffsetBytes + done, copy.memory(), 0, n);
        done += n;
      }
      return dataCrc ? copy.checksum.value() : 0;
    } finally {
      IDLE_COPY.set(copy);
    }
  }
}
