package io.pcache.backing;

import io.pcache.block.BlockDevice;
import io.pcache.error.BadOptionException;

/**
 * The limits of a backing device.
 *
 * @param requests requests in the pool, which bounds the requests queued and in flight, at least 1
 * @param reservedRequests how many of them only write-back may take, 0 to {@code requests - 1}
 * @param transferThreads how many transfers run at the same time if threads carry them out, at
 *     least 1
 * @param sliceBytes largest slice, a multiple of 512 above 0; the device keeps up to this much
 *     memory for each request that is not reserved
 */
public record BackingOptions(
    int requests, int reservedRequests, int transferThreads, int sliceBytes) {
  private static final int SLICE_BYTES = 128 << 10;

  /** Creates options with slices of 128 KiB. */
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
   * Options that suit a disk or a file: 256 requests, 64 of them reserved, 8 threads, and slices of
   * 128 KiB. Slices then take at most 24 MiB of memory.
   */
  public static BackingOptions defaults() {
    return new BackingOptions(256, 64, 8);
  }
}
