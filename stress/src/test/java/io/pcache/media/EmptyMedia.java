package io.pcache.media;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Media that read as zeroes and forget what is written, at no cost: programs of a few steps make
 * them by the thousand.
 */
public class EmptyMedia implements Media {
  private static final long SIZE_BYTES = 96L << 20;
  private static final MemorySegment ZEROES = mapHole();

  private static MemorySegment mapHole() {
    try {
      Path hole = Files.createTempFile("pcache-stress", ".img");
      try (FileChannel channel =
          FileChannel.open(hole, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel
            .map(FileChannel.MapMode.READ_WRITE, 0, SIZE_BYTES, Arena.global())
            .asReadOnly();
      } finally {
        Files.delete(hole);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long sizeBytes() {
    return SIZE_BYTES;
  }

  @Override
  public MemorySegment view() {
    return ZEROES;
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment source, long sourceOffsetBytes, long lengthBytes) {}

  @Override
  public void zero(long offsetBytes, long lengthBytes) {}

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
