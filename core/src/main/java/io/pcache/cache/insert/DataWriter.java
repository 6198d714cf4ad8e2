package io.pcache.cache.insert;

import io.pcache.block.RequestBuffer;
import io.pcache.cache.segment.Geometry;
import io.pcache.format.Checksum;
import io.pcache.media.Media;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Writes data to the media and returns its checksum. A client's buffer may change meanwhile. Its
 * bytes may then be torn, but the checksum always matches the bytes on the media.
 *
 * <p>Without checksums, data goes straight from the client's buffer to the media. With checksums it
 * passes through a {@link PrivateCopy}. Computing the checksum needs a copy anyway, so this costs
 * nothing extra. Checksumming the media instead would fault in every page of a file again.
 *
 * <p>A range that spans several pieces of a buffer also passes through the copy. Such pieces are
 * often small, and their lengths do not suit positional writes.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class DataWriter {
  /** Null while its thread uses the copy: on simulated devices writes nest. */
  private static final ThreadLocal<@Nullable PrivateCopy> IDLE_COPY = new ThreadLocal<>();

  private final Media media;
  private final boolean dataCrc;

  public DataWriter(Geometry geometry) {
    this.media = geometry.media();
    this.dataCrc = geometry.dataCrc();
  }

  /** Writes zeroes and returns their checksum, or 0 if keys carry none. */
  public int zero(long mediaOffsetBytes, int lengthBytes) {
    media.zero(mediaOffsetBytes, lengthBytes);
    return dataCrc ? Checksum.of(media.view(), mediaOffsetBytes, lengthBytes) : 0;
  }

  /**
   * Writes a part of pcache's own memory, which nobody else changes. Returns its checksum, or 0 if
   * keys carry none.
   */
  public int write(MemorySegment bytes, long fromBytes, long mediaOffsetBytes, int lengthBytes) {
    media.write(mediaOffsetBytes, bytes, fromBytes, lengthBytes);
    return dataCrc ? Checksum.of(bytes, fromBytes, lengthBytes) : 0;
  }

  /**
   * Writes a part of a request's buffer. Returns its checksum, or 0 if keys carry none.
   *
   * @param fromBytes start of the part within the buffer
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
