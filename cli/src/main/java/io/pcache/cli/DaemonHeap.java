package io.pcache.cli;

import io.pcache.error.BadOptionException;

/** What {@code serve --heap} asks for. The launcher gives it to Java, which cannot change it. */
final class DaemonHeap {
  static final long MIN_BYTES = 32L << 20;

  private DaemonHeap() {}

  /**
   * Checks that the daemon has the heap that was asked for.
   *
   * @param wantedBytes the option
   * @param maxBytes what this Java may take
   * @throws BadOptionException where it is too small to run with, or was not given to Java
   */
  static void check(long wantedBytes, long maxBytes) {
    if (wantedBytes < MIN_BYTES) {
      throw new BadOptionException(
          "a heap of %s is too small; give at least %s with --heap"
              .formatted(ByteSize.format(wantedBytes), ByteSize.format(MIN_BYTES)));
    }
    // A collector may keep a part for itself.
    if (maxBytes < wantedBytes / 2) {
      throw new BadOptionException(
          "--heap asks for %s, but this Java has %s; start pcache by its launcher, or give Java -Xmx"
              .formatted(ByteSize.format(wantedBytes), ByteSize.format(maxBytes)));
    }
  }
}
