package io.pcache;

import io.pcache.backing.BackingCounters;

/**
 * The transfers of the backing device since it was opened.
 *
 * @param requests submitted reads, writes and flushes, including refused ones
 * @param inFlight requests that have not finished yet
 * @param readBytes bytes read without error
 * @param writtenBytes bytes written without error
 * @param flushes flushes that succeeded
 * @param errors reads, writes and flushes that failed
 */
public record BackingTransfers(
    long requests, long inFlight, long readBytes, long writtenBytes, long flushes, long errors) {
  static BackingTransfers of(BackingCounters done) {
    return new BackingTransfers(
        done.requests(),
        done.inFlight(),
        done.readBytes(),
        done.writtenBytes(),
        done.flushes(),
        done.errors());
  }
}
