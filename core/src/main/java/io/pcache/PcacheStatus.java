package io.pcache;

import io.pcache.block.BlockDevice;
import io.pcache.format.LogAddress;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a cache looks like at one moment. Sizes are bytes, counts are since it was opened unless
 * they say otherwise.
 *
 * @param cache path of the cache device
 * @param backing path of the backing device
 * @param uuid identity of the cache, or null where it has none (made by the kernel and not adopted)
 * @param label what a person called it, or null
 * @param mediaKind {@code dax}, {@code memory} or {@code file}
 * @param whyNotDax why the cache device is used as a file although its place offers DAX, or may
 *     offer it; null where there is nothing to say
 * @param outlivesPowerCut whether what was flushed survives a power cut, as far as the kind of
 *     media tells
 * @param survivesKill whether every write that is acknowledged survives a killed process; else it
 *     may lose what was not flushed within the last second
 * @param staging the file in which keys wait for the log, or, where they do not survive a killed
 *     process, why
 * @param sizeBytes size of the served device
 * @param cacheBytes size of the cache's segments together
 * @param segNum the superblock's seg_num
 * @param segments n_segs
 * @param segmentsInUse log and data segments that are not free
 * @param gcPercent where reclaiming starts, 0–90
 * @param dataCrc whether data is checksummed
 * @param superblockFlags as on media
 * @param cacheInfoFlags as on media
 * @param keyHead where the log ends
 * @param dirtyTail where write-back stands
 * @param keyTail where reclaiming stands
 * @param dirtyBytes bytes that are not known to be on the backing device: those in the log,
 *     overwritten ones included, and those that were set aside
 * @param dirtyKeySets how many key sets of the log may hold such bytes: with {@code dirtyBytes} and
 *     {@code oldestDirtyMillis} the recovery point, how far the backing device is behind
 * @param oldestDirtyMillis age of the oldest of those in the log as far as this run knows, 0 where
 *     there are none
 * @param setAside ranges whose newest data was damaged before it could be written back
 * @param cachedExtents entries in the index
 * @param indexBytes what the index takes of the heap at most
 * @param indexLimitBytes what it may take; where it does, writes wait for reclaiming, and reads
 *     that miss stop filling the cache shortly before
 * @param waitingRequests requests that wait for space
 * @param reads read requests
 * @param readHitBytes bytes read from the cache
 * @param readMissBytes bytes read from the backing device for a client
 * @param writes write and write-zeroes requests
 * @param writtenBytes bytes they wrote
 * @param flushes flush requests and FUA writes
 * @param writtenBackBytes bytes written back, without what is written again after a failure
 * @param reclaimedSegments segments freed
 * @param transfers what the backing device has done
 * @param writeback {@code idle}, {@code running}, {@code backing-off} or {@code stopped}
 * @param cacheFile what has become of the cache device since it was opened: {@code as-opened},
 *     {@code grown}, {@code moved}, {@code cut} or {@code deleted}; up to a second late
 * @param backingFile the same of the backing device
 * @param stopping what a stop that is under way does and waits for; empty while the cache is served
 * @param faults what is wrong now, a line each for people; empty when all is well
 * @param notices what is worth knowing and no fault, a line each for people
 */
public record PcacheStatus(
    String cache,
    String backing,
    @Nullable UUID uuid,
    @Nullable String label,
    String mediaKind,
    @Nullable String whyNotDax,
    boolean outlivesPowerCut,
    boolean survivesKill,
    String staging,
    long sizeBytes,
    long cacheBytes,
    int segNum,
    int segments,
    int segmentsInUse,
    int gcPercent,
    boolean dataCrc,
    int superblockFlags,
    int cacheInfoFlags,
    LogAddress keyHead,
    LogAddress dirtyTail,
    LogAddress keyTail,
    long dirtyBytes,
    long dirtyKeySets,
    long oldestDirtyMillis,
    List<DamagedRange> setAside,
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
    BackingTransfers transfers,
    String writeback,
    String cacheFile,
    String backingFile,
    String stopping,
    List<String> faults,
    List<String> notices) {

  /** Refuses what comes from another process with something missing. */
  public PcacheStatus {
    Objects.requireNonNull(cache, "cache");
    Objects.requireNonNull(backing, "backing");
    Objects.requireNonNull(mediaKind, "mediaKind");
    Objects.requireNonNull(keyHead, "keyHead");
    Objects.requireNonNull(dirtyTail, "dirtyTail");
    Objects.requireNonNull(keyTail, "keyTail");
    Objects.requireNonNull(transfers, "transfers");
    Objects.requireNonNull(writeback, "writeback");
    Objects.requireNonNull(cacheFile, "cacheFile");
    Objects.requireNonNull(backingFile, "backingFile");
    Objects.requireNonNull(stopping, "stopping");
    Objects.requireNonNull(staging, "staging");
    for (String fault : Objects.requireNonNull(faults, "faults")) {
      Objects.requireNonNull(fault, "faults");
    }
    faults = List.copyOf(faults);
    setAside = List.copyOf(Objects.requireNonNull(setAside, "setAside"));
    notices = List.copyOf(Objects.requireNonNull(notices, "notices"));
  }

  /** Bytes that were set aside; part of {@link #dirtyBytes}. */
  public long setAsideBytes() {
    return setAside.stream().mapToLong(DamagedRange::lengthBytes).sum();
  }

  /** Whether the backing device has failed, and write-back waits before it tries again. */
  public boolean backingFails() {
    return writeback.equals("backing-off");
  }

  /** The fields of dm-pcache's own status line, from its superblock flags on. */
  public String toDmStatusLine() {
    return "%x %d %d %d %d %x %s %s %s"
        .formatted(
            superblockFlags,
            segNum,
            segments,
            segmentsInUse,
            gcPercent,
            cacheInfoFlags,
            keyHead,
            dirtyTail,
            keyTail);
  }

  /**
   * dm-pcache's table line, in a form that {@code dmsetup create} takes and the kernel loads: first
   * sector, length in sectors, target, and its arguments.
   */
  public String toDmTableLine() {
    return "0 %d pcache %s %s 4 cache_mode writeback data_crc %s"
        .formatted(
            sizeBytes / BlockDevice.SECTOR_BYTES,
            tableArgument(cache),
            tableArgument(backing),
            dataCrc);
  }

  /** The kernel splits at white space that no backslash stands before. */
  private static String tableArgument(String path) {
    return path.replaceAll("[\\\\\\s]", "\\\\$0");
  }

  /** The same while a stop is under way. */
  public PcacheStatus withStopping(String newStopping) {
    return new PcacheStatus(
        cache,
        backing,
        uuid,
        label,
        mediaKind,
        whyNotDax,
        outlivesPowerCut,
        survivesKill,
        staging,
        sizeBytes,
        cacheBytes,
        segNum,
        segments,
        segmentsInUse,
        gcPercent,
        dataCrc,
        superblockFlags,
        cacheInfoFlags,
        keyHead,
        dirtyTail,
        keyTail,
        dirtyBytes,
        dirtyKeySets,
        oldestDirtyMillis,
        setAside,
        cachedExtents,
        indexBytes,
        indexLimitBytes,
        waitingRequests,
        reads,
        readHitBytes,
        readMissBytes,
        writes,
        writtenBytes,
        flushes,
        writtenBackBytes,
        reclaimedSegments,
        transfers,
        writeback,
        cacheFile,
        backingFile,
        newStopping,
        faults,
        notices);
  }
}
