package io.pcache.cache;

import io.pcache.format.BadExtentList;
import io.pcache.format.LogAddress;
import java.util.List;

/**
 * The state of a cache, and its counters since it was opened.
 *
 * @param segmentsInUse log and data segments that are not free
 * @param keyHead where the log ends
 * @param dirtyTail how far write-back has come
 * @param keyTail how far reclaiming has come
 * @param dirtyBytes bytes, staged or in the log, not known to be on the backing device
 * @param dirtyKeySets number of key sets in the log whose keys may not be on the backing device; 1
 *     if only staged keys are dirty
 * @param oldestDirtyMillis age of the oldest dirty bytes in ms, counted from this opening at most
 * @param setAside ranges whose newest data was damaged before it could be written back
 * @param cachedExtents number of entries in the index
 * @param indexBytes upper bound of the heap that the index uses
 * @param indexLimitBytes limit of that heap; at the limit, writes wait for reclaiming
 * @param waitingRequests number of writes that wait for space
 * @param reads number of read requests
 * @param readHitBytes bytes read from the cache
 * @param readMissBytes bytes read from the backing device for clients
 * @param writes number of write and write-zeroes requests
 * @param writtenBytes bytes that these requests wrote
 * @param flushes number of flush requests and FUA writes
 * @param writtenBackBytes bytes written back, without those written again after a failure
 * @param reclaimedSegments number of segments freed
 * @param writeback idle, running, backing-off or stopped
 * @param cacheFile as-opened, grown, moved, cut or deleted
 * @param backingFile the same for the backing device
 * @param faults current faults, one line each
 * @param notices information that is no fault, one line each
 */
public record CacheSnapshot(
    int segmentsInUse,
    LogAddress keyHead,
    LogAddress dirtyTail,
    LogAddress keyTail,
    long dirtyBytes,
    long dirtyKeySets,
    long oldestDirtyMillis,
    List<BadExtentList.Range> setAside,
    long cachedExtents,
    long indexBytes,
    long indexLimitBytes,
    int waitingRequests,
    long reads,
    long readHitBytes,
    long readMissBytes,
    long writes,
    long writtenBytes,
    long flushes,
    long writtenBackBytes,
    long reclaimedSegments,
    String writeback,
    String cacheFile,
    String backingFile,
    List<String> faults,
    List<String> notices) {}
