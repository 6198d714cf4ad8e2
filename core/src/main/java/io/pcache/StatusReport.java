package io.pcache;

import io.pcache.backing.BackingCounters;
import io.pcache.backing.BackingStore;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheSnapshot;
import io.pcache.format.CacheInfo;
import io.pcache.format.Identity;
import io.pcache.format.MediaLayout;
import io.pcache.format.Superblock;
import io.pcache.media.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Assembles a status from the parts of the cache. */
final class StatusReport {
  private StatusReport() {}

  static PcacheStatus of(
      String cachePath,
      AttachedCache attached,
      Media media,
      BackingStore store,
      BackingCounters transfers,
      List<String> moreFaults) {
    Superblock superblock = attached.superblock();
    Identity identity = attached.identity();
    Cache cache = attached.cache();
    CacheInfo info = cache.info();
    CacheSnapshot now = cache.snapshot();
    List<DamagedRange> setAside = DamagedRange.of(now.setAside());
    return new PcacheStatus(
        cachePath,
        store.name(),
        identity.uuid(),
        identity.label().isEmpty() ? null : identity.label(),
        media.kind().name().toLowerCase(Locale.ROOT),
        media.whyNotDax(),
        media.kind().outlivesPowerCut() && lasts(now),
        attached.survivesKill() && lasts(now),
        lasts(now) ? attached.describeStaging() : "the cache device is " + now.cacheFile(),
        cache.sizeBytes(),
        info.segments() * MediaLayout.SEGMENT_BYTES,
        superblock.segNum(),
        info.segments(),
        now.segmentsInUse(),
        info.gcPercent(),
        info.dataCrc(),
        superblock.flags(),
        info.flags(),
        now.keyHead(),
        now.dirtyTail(),
        now.keyTail(),
        now.dirtyBytes() + setAside.stream().mapToLong(DamagedRange::lengthBytes).sum(),
        now.dirtyKeySets(),
        now.oldestDirtyMillis(),
        setAside,
        now.cachedExtents(),
        now.indexBytes(),
        now.indexLimitBytes(),
        now.waitingRequests(),
        now.reads(),
        now.readHitBytes(),
        now.readMissBytes(),
        now.writes(),
        now.writtenBytes(),
        now.flushes(),
        now.writtenBackBytes(),
        now.reclaimedSegments(),
        BackingTransfers.of(transfers),
        now.writeback(),
        now.cacheFile(),
        now.backingFile(),
        "",
        allFaults(now, moreFaults),
        now.notices());
  }

  /** Whether the next process finds the cache device as this one leaves it. */
  private static boolean lasts(CacheSnapshot now) {
    return !PcacheStatus.isLost(now.cacheFile()) && !now.cacheFile().equals("removed");
  }

  private static List<String> allFaults(CacheSnapshot now, List<String> more) {
    List<String> all = new ArrayList<>(more);
    all.addAll(now.faults());
    return all;
  }
}
