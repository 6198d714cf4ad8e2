package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What a device has to hold: one id for every sector, with content as {@link SectorContent} makes
 * it.
 *
 * <p>Thread-safety: none, but threads may use disjoint sectors.
 */
public final class ExpectedContent {
  private static final int CHUNK_BYTES = 1 << 20;

  private final int[] ids;

  /**
   * Content of one id everywhere.
   *
   * @param sizeBytes size of the device, a multiple of 512
   * @param id id of every sector, {@link SectorContent#ZERO_ID} for zeroes
   */
  public ExpectedContent(long sizeBytes, int id) {
    ids = new int[Math.toIntExact(sizeBytes / BlockDevice.SECTOR_BYTES)];
    Arrays.fill(ids, id);
  }

  /** The size of the device in bytes. */
  public long sizeBytes() {
    return (long) ids.length * BlockDevice.SECTOR_BYTES;
  }

  /** The id of a sector. */
  public int id(int sector) {
    return ids[sector];
  }

  /** Takes note of a write. */
  public void write(long offsetBytes, long lengthBytes, int id) {
    int first = (int) (offsetBytes / BlockDevice.SECTOR_BYTES);
    Arrays.fill(ids, first, first + (int) (lengthBytes / BlockDevice.SECTOR_BYTES), id);
  }

  /** Takes note of all writes in a list. */
  public void replay(Ops ops) {
    for (Op op : ops.list()) {
      if (op.writes()) {
        write(op.offsetBytes(), op.lengthBytes(), op.id());
      }
    }
  }

  /** Makes the bytes of whole sectors. */
  public void fill(MemorySegment destination, long offsetBytes) {
    int first = (int) (offsetBytes / BlockDevice.SECTOR_BYTES);
    int sectors = (int) (destination.byteSize() / BlockDevice.SECTOR_BYTES);
    int from = 0;
    while (from < sectors) {
      int to = from + 1;
      while (to < sectors && ids[first + to] == ids[first + from]) {
        to++;
      }
      MemorySegment run =
          destination.asSlice(
              (long) from * BlockDevice.SECTOR_BYTES,
              (long) (to - from) * BlockDevice.SECTOR_BYTES);
      SectorContent.fill(run, first + from, ids[first + from]);
      from = to;
    }
  }

  /** SHA-256 of the whole device, in lower-case hexadecimal. */
  public String sha256() {
    MessageDigest digest = Sha256.newDigest();
    forEachChunk((offset, bytes) -> digest.update(bytes));
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Writes the whole content to a new file of the device's size. */
  public void writeTo(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      forEachChunk((offset, bytes) -> {
        long at = offset;
        while (bytes.hasRemaining()) {
          at += channel.write(bytes, at);
        }
      });
    }
  }

  private <E extends Exception> void forEachChunk(ChunkAction<E> action) throws E {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(CHUNK_BYTES);
      for (long offset = 0; offset < sizeBytes(); offset += CHUNK_BYTES) {
        MemorySegment part = chunk.asSlice(0, Math.min(CHUNK_BYTES, sizeBytes() - offset));
        fill(part, offset);
        action.accept(offset, part.asByteBuffer());
      }
    }
  }

  @FunctionalInterface
  private interface ChunkAction<E extends Exception> {
    void accept(long offset, ByteBuffer bytes) throws E;
  }
}
