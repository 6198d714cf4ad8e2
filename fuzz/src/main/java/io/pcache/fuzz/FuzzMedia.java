package io.pcache.fuzz;

import io.pcache.format.FreshFormat;
import io.pcache.media.Media;
import io.pcache.media.MediaKind;
import io.pcache.testkit.SteppedCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * A cache device of a few segments, used again for input after input: a hole of which only the
 * pages that were written take memory and have to be cleared.
 *
 * <p>Thread-safety: one thread.
 */
final class FuzzMedia implements Media {
  private static final int PAGE_BYTES = 4096;

  private final MemorySegment bytes;
  private final BitSet written = new BitSet();

  /** Media that read as zeroes. */
  FuzzMedia(int segments) {
    this.bytes = mapHole(SteppedCache.mediaBytes(segments));
  }

  private static MemorySegment mapHole(long sizeBytes) {
    try {
      Path hole = Files.createTempFile("pcache-fuzz", ".img");
      try (FileChannel channel =
          FileChannel.open(hole, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel.map(FileChannel.MapMode.PRIVATE, 0, sizeBytes, Arena.global());
      } finally {
        Files.delete(hole);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes it an empty cache. */
  void format(boolean dataCrc) {
    zero(0, sizeBytes());
    FreshFormat.write(this, dataCrc, null);
  }

  /** Writes any bytes, as nobody should. */
  void poke(long offsetBytes, byte[] source) {
    long length = Math.min(source.length, sizeBytes() - offsetBytes);
    write(offsetBytes, MemorySegment.ofArray(source), 0, length);
  }

  @Override
  public long sizeBytes() {
    return bytes.byteSize();
  }

  @Override
  public MemorySegment view() {
    return bytes.asReadOnly();
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {
    MemorySegment.copy(source, sourceOffsetBytes, bytes, offsetBytes, lengthBytes);
    if (lengthBytes > 0) {
      written.set(
          (int) (offsetBytes / PAGE_BYTES),
          (int) ((offsetBytes + lengthBytes - 1) / PAGE_BYTES) + 1);
    }
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    long end = offsetBytes + lengthBytes;
    int endPage = (int) ((end + PAGE_BYTES - 1) / PAGE_BYTES);
    for (int page = written.nextSetBit((int) (offsetBytes / PAGE_BYTES));
        page >= 0 && page < endPage;
        page = written.nextSetBit(page + 1)) {
      long from = Math.max(offsetBytes, (long) page * PAGE_BYTES);
      long to = Math.min(end, (long) (page + 1) * PAGE_BYTES);
      bytes.asSlice(from, to - from).fill((byte) 0);
      if (to - from == PAGE_BYTES) {
        written.clear(page);
      }
    }
  }

  @Override
  public void recycle(long offsetBytes, long lengthBytes) {}

  @Override
  public void sync() {}

  @Override
  public boolean syncMayBlock() {
    return false;
  }

  @Override
  public MediaKind kind() {
    return MediaKind.SIMULATED;
  }

  @Override
  public void close() {}
}
