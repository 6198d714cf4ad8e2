package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The model of a device: for every sector the version it was last written with and the version that
 * is known to be durable. Versions count up over all writes; a negative one stands for zeroes, 0
 * for the zeroes of the beginning.
 *
 * <p>Thread-safety: none, but threads may use disjoint sectors.
 */
final class SectorVersions {
  private final int[] newest;
  private final int[] durable;

  SectorVersions(long deviceBytes) {
    int sectors = Math.toIntExact(deviceBytes / BlockDevice.SECTOR_BYTES);
    newest = new int[sectors];
    durable = new int[sectors];
  }

  /** The id of the content that a version has. */
  static int contentId(int version) {
    return version < 0 ? SectorContent.ZERO_ID : version;
  }

  int sectors() {
    return newest.length;
  }

  int durable(int sector) {
    return durable[sector];
  }

  /** A write has completed. */
  void wrote(int firstSector, int count, int version) {
    Arrays.fill(newest, firstSector, firstSector + count, version);
  }

  /** What a range holds now is durable. */
  void becameDurable(int firstSector, int count) {
    System.arraycopy(newest, firstSector, durable, firstSector, count);
  }

  /** After a crash a sector turned out to hold a version, and will go on holding it. */
  void recovered(int sector, int version) {
    newest[sector] = version;
    durable[sector] = version;
  }

  /** Throws where whole sectors that were read hold anything but the newest versions. */
  void check(MemorySegment read, int firstSector) {
    int count = (int) (read.byteSize() / BlockDevice.SECTOR_BYTES);
    for (int i = 0; i < count; i++) {
      int found = SectorContent.idAt(read, (long) i * BlockDevice.SECTOR_BYTES, firstSector + i);
      int expected = newest[firstSector + i];
      if (found != contentId(expected)) {
        throw new ModelMismatch(firstSector + i, found, "version " + expected);
      }
    }
  }
}
