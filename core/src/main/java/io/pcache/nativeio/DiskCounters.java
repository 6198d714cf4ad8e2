package io.pcache.nativeio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The system's I/O counters of its block devices.
 *
 * <p>Thread-safety: all methods from any thread. No method waits for a device.
 */
final class DiskCounters {
  private static final Path DEVICES = Path.of("/sys/dev/block");
  private static final int SECTORS_READ = 2;
  private static final int SECTORS_WRITTEN = 6;

  private DiskCounters() {}

  /**
   * Returns the sectors read and written so far, or 0 for a file system without a block device.
   *
   * @param device device number, as in {@link FileState}
   */
  static long movedSectors(long device) {
    return movedSectors(DEVICES.resolve((device >>> Integer.SIZE) + ":" + (int) device));
  }

  /**
   * Returns the sectors read and written by the device that a sysfs folder describes.
   *
   * @return 0 if there is none
   */
  static long movedSectors(Path folder) {
    try {
      String[] counters = Files.readString(folder.resolve("stat")).strip().split("\\s+", -1);
      return Long.parseLong(counters[SECTORS_READ]) + Long.parseLong(counters[SECTORS_WRITTEN]);
    } catch (IOException | RuntimeException e) {
      // There is no block device, or no sysfs.
      return 0;
    }
  }
}
