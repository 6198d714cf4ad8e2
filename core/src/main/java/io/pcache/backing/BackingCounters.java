package io.pcache.backing;

/**
 * What a backing device has done since it was opened. The values are read one after another while
 * it works on.
 *
 * @param requests requests submitted, flushes and refused ones included
 * @param readBytes bytes read without error
 * @param writtenBytes bytes written without error
 * @param flushes flushes that succeeded
 * @param errors reads, writes and flushes that failed; refusals by a closed device are not among
 *     them
 * @param inFlight requests submitted and not finished yet
 */
public record BackingCounters(
    long requests, long readBytes, long writtenBytes, long flushes, long errors, long inFlight) {}
