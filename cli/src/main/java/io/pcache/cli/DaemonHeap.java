package io.pcache.cli;

import com.sun.management.OperatingSystemMXBean;
import io.pcache.error.BadOptionException;
import java.lang.management.ManagementFactory;

/** What {@code serve --heap} asks for. The launcher gives it to Java, which cannot change it. */
final class DaemonHeap {
  static final long MIN_BYTES = 32L << 20;

  private DaemonHeap() {}

  /** The memory of this machine, or of the control group that this process is in. */
  static long memoryBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  /**
   * Checks that the daemon has the heap that was asked for.
   *
   * @param wantedBytes the option
   * @param maxBytes what this Java may take
   * @param memoryBytes what the machine has, or the control group
   * @throws BadOptionException where it is too small to run with, more than there is, or was not
   *     given to Java
   */
  static void check(long wantedBytes, long maxBytes, long memoryBytes) {
    if (wantedBytes < MIN_BYTES) {
      throw new BadOptionException(
          "a heap of %s is too small; give at least %s with --heap"
              .formatted(ByteSize.format(wantedBytes), ByteSize.format(MIN_BYTES)));
    }
    if (wantedBytes > memoryBytes) {
      throw new BadOptionException(
          "a heap of %s is more than the memory of this machine or control group, %s; give less with --heap"
              .formatted(ByteSize.format(wantedBytes), ByteSize.format(memoryBytes)));
    }
    // A collector may keep a part for itself.
    if (maxBytes < wantedBytes / 2 || maxBytes / 2 > wantedBytes) {
      throw new BadOptionException(
          "--heap asks for %s, but this Java has %s; start pcache by its launcher, or give Java -Xmx"
              .formatted(ByteSize.format(wantedBytes), ByteSize.format(maxBytes)));
    }
  }
}
