package io.pcache.nativeio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the system counts of its block devices.
 *
 * <p>Thread-safety: all methods from any thread; none waits for a device.
 */
final class DiskCounters {
  private static final Path DEVICES = Path.of("/sys/dev/block");
  private static final int SECTORS_READ = 2;
  private static final int SECTORS_WRITTEN = 6;

  private DiskCounters() {}

  /**
   * Sectors read and written so far, or 0 for a file system that is on no block device.
   *
   * @param device as {@link FileState} has it
   */
  static long movedSectors(long device) {
    return movedSectors(DEVICES.resolve((device >>> Integer.SIZE) + ":" + (int) device));
  }

  /**
   * The same of the device that a folder describes.
   *
   * @return 0 where there is none
   */
  static long movedSectors(Path folder) {
    try {
      String[] counters = Files.readString(folder.resolve("stat")).strip().split("\\s+", -1);
      return Long.parseLong(counters[SECTORS_READ]) + Long.parseLong(counters[SECTORS_WRITTEN]);
    } catch (IOException | RuntimeException e) {
      // No block device, or no sysfs here.
      return 0;
    }
  }
}
