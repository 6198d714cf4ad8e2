package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What tests put into sectors: 32 times the pair (u64 sector number, u64 id), little-endian. So a
 * sector tells which write it came from, and whether it is in its own place. Id 0 stands for a
 * sector of zeroes.
 */
public final class SectorContent {
  /** The id of what a backing device holds before the first operation of a recorded run. */
  public static final int BACKING_ID = 0xBA5E;

  /** The id of zeroes. */
  public static final int ZERO_ID = 0;

  /** What {@link #idAt} answers for anything that no write put there. */
  public static final int FOREIGN = -1;

  private static final int PAIR_BYTES = 16;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private SectorContent() {}

  /**
   * Fills whole sectors.
   *
   * @param destination receives the bytes; its size is a multiple of 512
   * @param firstSector number of the first sector
   * @param id the id of all of them, at least 0
   */
  public static void fill(MemorySegment destination, long firstSector, int id) {
    if (id == ZERO_ID) {
      destination.fill((byte) 0);
      return;
    }
    long size = destination.byteSize();
    for (long at = 0; at < size; at += BlockDevice.SECTOR_BYTES) {
      fillSector(destination, at, firstSector + at / BlockDevice.SECTOR_BYTES, id);
    }
  }

  private static void fillSector(MemorySegment destination, long start, long sector, int id) {
    for (int pair = 0; pair < BlockDevice.SECTOR_BYTES; pair += PAIR_BYTES) {
      destination.set(WORD, start + pair, sector);
      destination.set(WORD, start + pair + Long.BYTES, id);
    }
  }

  /**
   * Which id a sector holds.
   *
   * @param source the bytes
   * @param offsetBytes where in the source the sector begins
   * @param sector its number
   * @return an id, {@link #ZERO_ID} for zeroes, or {@link #FOREIGN} for a torn sector or another
   *     sector's content
   */
  public static int idAt(MemorySegment source, long offsetBytes, long sector) {
    long id = source.get(WORD, offsetBytes + Long.BYTES);
    long expectedNumber = id == ZERO_ID ? 0 : sector;
    if (id < 0 || id > Integer.MAX_VALUE || source.get(WORD, offsetBytes) != expectedNumber) {
      return FOREIGN;
    }
    // Every pair is like the one before it.
    long end = offsetBytes + BlockDevice.SECTOR_BYTES;
    long second = offsetBytes + PAIR_BYTES;
    if (MemorySegment.mismatch(source, offsetBytes, end - PAIR_BYTES, source, second, end) >= 0) {
      return FOREIGN;
    }
    return (int) id;
  }
}
