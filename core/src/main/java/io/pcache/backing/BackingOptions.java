package io.pcache.backing;

import io.pcache.error.BadOptionException;

/**
 * How many requests a backing device takes at once.
 *
 * @param requests requests in the pool: what can be queued and in flight together, at least 1
 * @param reservedRequests how many of them only write-back may take, 0 to {@code requests - 1}
 * @param transferThreads how many transfers are carried out at the same time where threads do it,
 *     at least 1
 */
public record BackingOptions(int requests, int reservedRequests, int transferThreads) {
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
  }

  /** What serves a disk or a file well: 256 requests, 64 of them reserved, 8 threads. */
  public static BackingOptions defaults() {
    return new BackingOptions(256, 64, 8);
  }
}
