package io.pcache.backing;

import io.pcache.block.BlockDevice;
import io.pcache.error.BadOptionException;

/**
 * How many requests a backing device takes at once.
 *
 * @param requests requests in the pool: what can be queued and in flight together, at least 1
 * @param reservedRequests how many of them only write-back may take, 0 to {@code requests - 1}
 * @param transferThreads how many transfers are carried out at the same time where threads do it,
 *     at least 1
 * @param sliceBytes the most that one slice reads, a multiple of 512 above 0. Slices are read into
 *     memory of the device's own, at most so much for each request that is not reserved
 */
public record BackingOptions(
    int requests, int reservedRequests, int transferThreads, int sliceBytes) {
  private static final int SLICE_BYTES = 128 << 10;

  /** With slices of 128 KiB. */
  public BackingOptions(int requests, int reservedRequests, int transferThreads) {
    this(requests, reservedRequests, transferThreads, SLICE_BYTES);
  }

  /** Checks the ranges. */
  public BackingOptions {
    if (requests < 1) {
      throw new BadOptionException("backing requests: " + requests + "; give at least 1");
    }
    if (reservedRequests < 0 || reservedRequests >= requests) {
      throw new BadOptionException(
          "reserved backing requests: " + reservedRequests + "; give 0 to " + (requests - 1));
    }
    if (transferThreads < 1) {
      throw new BadOptionException(
          "backing transfer threads: " + transferThreads + "; give at least 1");
    }
    if (sliceBytes <= 0 || sliceBytes % BlockDevice.SECTOR_BYTES != 0) {
      throw new BadOptionException(
          "backing slice size: " + sliceBytes + " bytes; give a multiple of 512 above 0");
    }
  }

  /**
   * What serves a disk or a file well: 256 requests, 64 of them reserved, 8 threads, and slices of
   * 128 KiB, whose memory is then 24 MiB at most.
   */
  public static BackingOptions defaults() {
    return new BackingOptions(256, 64, 8);
  }
}
