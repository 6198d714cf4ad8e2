package io.pcache;

import io.pcache.block.BlockDevice;
import io.pcache.format.LogAddress;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The status of a cache at one moment. Sizes are in bytes. Counts are since the cache was opened,
 * unless stated otherwise.
 *
 * @param cache path of the cache device
 * @param backing name of the backing device; the path of a file or block device
 * @param uuid identity of the cache; not null for an open cache, as opening gives one to a cache
 *     made by the kernel
 * @param label the operator's name for it, or null
 * @param mediaKind {@code dax}, {@code memory} or {@code file}
 * @param whyNotDax why the device is used as a file although its file system offers DAX, or may
 *     offer it; otherwise null
 * @param outlivesPowerCut whether flushed data survives a power cut, as far as the kind of media
 *     can guarantee it. False once the file of the cache device is cut or deleted
 * @param survivesKill whether acknowledged writes survive a killed process. Otherwise a kill may
 *     lose unflushed writes of the last second, or more if that file is cut or deleted
 * @param staging the file of staged keys, or why they do not survive a killed process
 * @param sizeBytes size of the served device
 * @param cacheBytes total size of the cache's segments
 * @param segNum the superblock's seg_num
 * @param segments n_segs
 * @param segmentsInUse log and data segments that are not free
 * @param gcPercent percentage of segments in use at which reclaiming starts, 0–90
 * @param dataCrc whether data has checksums
 * @param superblockFlags as on media
 * @param cacheInfoFlags as on media
 * @param keyHead key_head, the end of the log
 * @param dirtyTail dirty_tail, the position of write-back
 * @param keyTail key_tail, the position of reclaiming
 * @param dirtyBytes bytes not known to be on the backing device: those staged or in the log,
 *     including overwritten ones, and those set aside
 * @param dirtyKeySets key sets that may hold dirty bytes; 1 if they are staged only. With {@code
 *     dirtyBytes} and {@code oldestDirtyMillis} the recovery point, how far the backing device is
 *     behind
 * @param oldestDirtyMillis age of the oldest dirty data in the log, as far as this run knows; 0 if
 *     there is none
 * @param setAside ranges whose newest data was damaged before it could be written back
 * @param cachedExtents number of entries in the index
 * @param indexBytes heap that the index takes, at most
 * @param indexLimitBytes limit of {@code indexBytes}; at it writes wait for reclaiming, and shortly
 *     before it misses stop filling the cache
 * @param waitingRequests number of requests that wait for space
 * @param reads number of read requests
 * @param readHitBytes bytes read from the cache
 * @param readMissBytes bytes read from the backing device for a client
 * @param writes number of write and write-zeroes requests
 * @param writtenBytes bytes written by them
 * @param flushes number of flush requests and FUA writes
 * @param writtenBackBytes bytes written back, without repeats after a failure
 * @param reclaimedSegments number of segments freed
 * @param transfers the transfers of the backing device
 * @param writeback {@code idle}, {@code running}, {@code backing-off} or {@code stopped}
 * @param cacheFile condition of the cache device: {@code as-opened}, {@code grown}, {@code moved},
 *     {@code removed}, {@code cut} or {@code deleted}; up to a second late
 * @param backingFile condition of the backing device, likewise
 * @param stopping what a stop in progress does and waits for; empty while the cache is served
 * @param faults the present faults, one line each for the operator; empty if there are none
 * @param notices facts worth knowing that are no faults, one line each for the operator
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

  /** Refuses a status from another process if a part is missing. */
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

  /** Returns the bytes that were set aside, which are part of {@link #dirtyBytes}. */
  public long setAsideBytes() {
    return setAside.stream().mapToLong(DamagedRange::lengthBytes).sum();
  }

  /**
   * Returns whether the file of the cache device is cut or deleted, so that no other process opens
   * it with all that it held.
   */
  public boolean cacheFileIsLost() {
    return isLost(cacheFile);
  }

  static boolean isLost(String condition) {
    return condition.equals("cut") || condition.equals("deleted");
  }

  /** Returns whether the backing device has failed and write-back waits before it retries. */
  public boolean backingFails() {
    return writeback.equals("backing-off");
  }

  /** Returns the fields of dm-pcache's own status line, from its superblock flags on. */
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
   * Returns dm-pcache's table line, in a form that {@code dmsetup create} accepts and the kernel
   * loads. It holds first sector, length in sectors, target, and the target's arguments.
   */
  public String toDmTableLine() {
    return "0 %d pcache %s %s 4 cache_mode writeback data_crc %s"
        .formatted(
            sizeBytes / BlockDevice.SECTOR_BYTES,
            tableArgument(cache),
            tableArgument(backing),
            dataCrc);
  }

  /**
   * Escapes white space and backslashes, because the kernel splits arguments at unescaped white
   * space.
   */
  private static String tableArgument(String path) {
    return path.replaceAll("[\\\\\\s]", "\\\\$0");
  }

  /** Returns a copy that reports a stop in progress. */
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
