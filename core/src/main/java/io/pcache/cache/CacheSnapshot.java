package io.pcache.cache;

import io.pcache.format.BadExtentList;
import io.pcache.format.LogAddress;
import java.util.List;

/**
 * What a cache is doing and has done since it was opened.
 *
 * @param segmentsInUse log and data segments that are not free
 * @param keyHead where the log ends
 * @param dirtyTail where write-back stands
 * @param keyTail where reclaiming stands
 * @param dirtyBytes bytes in the log not known to be on the backing device
 * @param dirtyKeySets key sets that hold them
 * @param oldestDirtyMillis age of the oldest of them
 * @param setAside ranges whose newest data was damaged before it could be written back
 * @param cachedExtents entries in the index
 * @param indexBytes what the index takes of the heap at most
 * @param indexLimitBytes what it may take; where it does, writes wait for reclaiming
 * @param waitingRequests writes that wait for space
 * @param reads read requests
 * @param readHitBytes bytes read from the cache
 * @param readMissBytes bytes read from the backing device for a client
 * @param writes write and write-zeroes requests
 * @param writtenBytes bytes they wrote
 * @param flushes flush requests and FUA writes
 * @param writtenBackBytes bytes written back, without what is written again after a failure
 * @param reclaimedSegments segments freed
 * @param writeback idle, running, backing-off or stopped
 * @param cacheFile as-opened, grown, moved, cut or deleted
 * @param backingFile the same of the backing device
 * @param faults what is wrong now, a line each
 * @param notices what is worth knowing and no fault, a line each
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
