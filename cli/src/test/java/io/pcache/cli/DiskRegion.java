package io.pcache.cli;

import io.pcache.block.BlockDevice;
import io.pcache.testkit.SectorContent;
import io.pcache.testkit.SectorLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.UnaryOperator;

/**
 * A part of a disk that one writer has for itself, with every version that it was given.
 *
 * @param ledger the versions
 */
record DiskRegion(SectorLedger ledger) {
  static DiskRegion at(long offsetBytes, long lengthBytes) {
    return new DiskRegion(
        new SectorLedger(
            Math.toIntExact(offsetBytes / BlockDevice.SECTOR_BYTES),
            Math.toIntExact(lengthBytes / BlockDevice.SECTOR_BYTES)));
  }

  long offsetBytes() {
    return (long) ledger.firstSector() * BlockDevice.SECTOR_BYTES;
  }

  long lengthBytes() {
    return (long) ledger.count() * BlockDevice.SECTOR_BYTES;
  }

  /**
   * Checks that every sector holds a version that it may have after a crash; it has no other from
   * now on.
   *
   * @param file holds the region's bytes
   * @param positionBytes where they begin
   * @param translation turns what the writer writes into {@link SectorContent}
   */
  void checkRecovered(Path file, long positionBytes, UnaryOperator<MemorySegment> translation)
      throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = channel.map(MapMode.READ_ONLY, positionBytes, lengthBytes(), arena);
      ledger.checkRecovered(translation.apply(bytes));
    }
  }
}
