package io.pcache;

import io.pcache.cache.LogRepair;
import io.pcache.format.CacheInfo;
import io.pcache.format.Identity;
import io.pcache.format.LogBounds;
import io.pcache.format.Superblock;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.nativeio.LoopDevices;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Examines the log of a cache that does not open, and gives up its unreadable part when told to.
 * The cache device is locked meanwhile; the backing device is not touched.
 *
 * <p>Thread-safety: none.
 */
public final class CacheRepair implements AutoCloseable {
  private final Media media;
  private final Optional<Identity> identity;
  private final LogRepair log;

  private CacheRepair(Media media, Optional<Identity> identity, LogRepair log) {
    this.media = media;
    this.identity = identity;
    this.log = log;
  }

  /**
   * Opens a cache device and examines its log. Writes nothing.
   *
   * @throws io.pcache.error.PcacheException where the device is in use, is no cache, or is damaged
   *     beyond its log
   */
  public static CacheRepair open(Path cache) {
    LoopDevices.refuseAttached(cache);
    Media media = MediaFiles.open(cache);
    try {
      return NamedCacheDevice.read(cache.toString(), () -> examine(media));
    } catch (Throwable t) {
      media.close();
      throw t;
    }
  }

  private static CacheRepair examine(Media media) {
    CacheInfo info = CacheInfo.load(media, Superblock.load(media));
    Optional<Identity> identity = Identity.load(media);
    long deviceBytes =
        identity.filter(Identity::isBound).map(Identity::backingBytes).orElse(Long.MAX_VALUE);
    LogBounds closedLog =
        identity.filter(id -> id.isBound() && !id.open()).map(Identity::closedLog).orElse(null);
    return new CacheRepair(media, identity, LogRepair.examine(media, info, deviceBytes, closedLog));
  }

  /** Whether anything is wrong with the log. */
  public boolean isDamaged() {
    return log.damage() != LogRepair.Damage.NONE;
  }

  /** What was found, in words, with what a repair gives up. */
  public String describe() {
    return log.describe();
  }

  /** Gives up what is unreadable, durably; the cache opens again afterwards. */
  public void apply() {
    LogBounds bounds = log.apply();
    identity.filter(id -> !id.open()).ifPresent(id -> id.closedAt(bounds).storeDurably(media));
  }

  /** Releases the cache device. */
  @Override
  public void close() {
    media.close();
  }
}
