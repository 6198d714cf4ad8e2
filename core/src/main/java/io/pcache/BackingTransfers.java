package io.pcache;

import io.pcache.backing.BackingCounters;

/**
 * What the backing device has done since it was opened.
 *
 * @param requests reads, writes and flushes submitted to it, refused ones included
 * @param inFlight those of them that are not finished yet
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
