package io.pcache;

import io.pcache.cache.CacheSnapshot;
import io.pcache.cache.CacheTuning;
import java.util.List;

/**
 * What an open of a cache would find. Nothing is written to make it.
 *
 * @param dirtyBytes bytes that the backing device does not have, with what was set aside
 * @param setAside damaged ranges that write-back has set aside
 */
public record CachePreview(long dirtyBytes, List<DamagedRange> setAside) {
  /** Copies the ranges. */
  public CachePreview {
    setAside = List.copyOf(setAside);
  }

  /**
   * Recovers a cache without opening it. Locks both devices meanwhile, and changes neither.
   *
   * @throws io.pcache.error.PcacheException if {@link Pcache#open(OpenOptions)} would refuse it
   */
  public static CachePreview of(OpenOptions options) {
    return OpenDevices.use(options, OpenDevices.openBacking(options), CachePreview::recover);
  }

  private static CachePreview recover(OpenDevices devices) {
    AttachedCache recovered =
        AttachedCache.recover(
            devices.cacheName(),
            devices.media(),
            devices.store(),
            devices.backing(),
            devices.check(),
            devices.stagingPlace(),
            CacheTuning::forMachine);
    CacheSnapshot snapshot = recovered.cache().snapshot();
    recovered.leaveUnopened();
    devices.closer().close(null);
    List<DamagedRange> setAside = DamagedRange.of(snapshot.setAside());
    // A snapshot's dirty bytes are those that can be written back.
    return new CachePreview(snapshot.dirtyBytes() + lengthBytes(setAside), setAside);
  }

  private static long lengthBytes(List<DamagedRange> ranges) {
    return ranges.stream().mapToLong(DamagedRange::lengthBytes).sum();
  }

  /** Bytes that a drain would write back. */
  public long drainableBytes() {
    return dirtyBytes - lengthBytes(setAside);
  }
}
