package io.pcache.backing;

/**
 * Totals of a backing device since it was opened. The values are read one after another while the
 * device works.
 *
 * @param requests requests submitted, including flushes and refused requests, but not refused calls
 *     of {@link BackingDevice#flush}
 * @param readBytes bytes of reads that succeeded
 * @param writtenBytes bytes of writes that succeeded
 * @param flushes flushes that succeeded
 * @param errors failed reads, writes and flushes, callbacks that threw, and a failed close;
 *     refusals by a closed device do not count
 * @param inFlight requests submitted and not finished yet
 */
public record BackingCounters(
    long requests, long readBytes, long writtenBytes, long flushes, long errors, long inFlight) {}
