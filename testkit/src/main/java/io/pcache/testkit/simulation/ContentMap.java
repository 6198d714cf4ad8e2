package io.pcache.testkit.simulation;

import io.pcache.block.BlockDevice;
import io.pcache.testkit.SectorContent;
import java.lang.foreign.MemorySegment;

/**
 * Which sectors of the device hold content that is checked: a few at its start, where the identity
 * record samples the backing device, and some on both sides of a boundary of subtrees. Content
 * sectors are numbered through from 0. Elsewhere lies only filler, which is zero.
 */
final class ContentMap {
  /** Size of the device. */
  static final int DEVICE_BYTES = 24 << 20;

  /** How many content sectors there are. */
  static final int SECTORS = 96;

  /** Where filler goes. */
  static final long FILLER_OFFSET = 8 << 20;

  static final long FILLER_BYTES = 14 << 20;

  private static final int[] FIRST_NUMBERS = {0, 24};
  private static final int[] FIRST_SECTORS = {0, (4 << 20) / BlockDevice.SECTOR_BYTES - 40};
  private static final int[] LENGTHS = {24, 72};

  private ContentMap() {}

  static int ranges() {
    return LENGTHS.length;
  }

  /** The number of a range's first sector. */
  static int first(int range) {
    return FIRST_NUMBERS[range];
  }

  static int length(int range) {
    return LENGTHS[range];
  }

  /** The range that a content sector is in. */
  static int range(int number) {
    return number < FIRST_NUMBERS[1] ? 0 : 1;
  }

  /** How many sectors before a content sector's range hold filler, if it is the range's first. */
  static int fillerBefore(int number) {
    int range = range(number);
    boolean isFirst = number == FIRST_NUMBERS[range];
    return isFirst && range > 0
        ? FIRST_SECTORS[range] - FIRST_SECTORS[range - 1] - LENGTHS[range - 1]
        : 0;
  }

  /** Where on the device a content sector lies, in sectors. */
  static int deviceSector(int number) {
    int range = range(number);
    return FIRST_SECTORS[range] + number - FIRST_NUMBERS[range];
  }

  static long offsetBytes(int number) {
    return (long) deviceSector(number) * BlockDevice.SECTOR_BYTES;
  }

  /** The number of a sector of the device, or -1 where it holds no content. */
  static int number(long deviceSector) {
    for (int range = 0; range < LENGTHS.length; range++) {
      long inside = deviceSector - FIRST_SECTORS[range];
      if (inside >= 0 && inside < LENGTHS[range]) {
        return FIRST_NUMBERS[range] + (int) inside;
      }
    }
    return -1;
  }

  /** The ids that a whole device holds in its content sectors. */
  static int[] idsOnDevice(MemorySegment device) {
    int[] ids = new int[SECTORS];
    for (int i = 0; i < SECTORS; i++) {
      int sector = deviceSector(i);
      ids[i] = SectorContent.idAt(device, (long) sector * BlockDevice.SECTOR_BYTES, sector);
    }
    return ids;
  }
}
