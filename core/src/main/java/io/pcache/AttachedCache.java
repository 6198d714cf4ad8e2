package io.pcache;

import io.pcache.agent.Clock;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingStore;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheSnapshot;
import io.pcache.cache.CacheTuning;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.CacheInfo;
import io.pcache.format.CacheTraces;
import io.pcache.format.Identity;
import io.pcache.format.LogBounds;
import io.pcache.format.Superblock;
import io.pcache.media.Media;
import java.util.function.IntFunction;

/**
 * A recovered cache that has made sure that the backing device is its own, and has left its mark in
 * the identity record. Its agents have no threads yet: {@link Pcache} gives them some, a simulation
 * steps them. It owns neither device.
 *
 * <p>Thread-safety: as {@link Cache}; {@link #detach} once.
 */
public final class AttachedCache {
  private final Superblock superblock;
  private final IdentityKeeper identity;
  private final Cache cache;

  private AttachedCache(Superblock superblock, IdentityKeeper identity, Cache cache) {
    this.superblock = superblock;
    this.identity = identity;
    this.cache = cache;
  }

  /**
   * Recovers the cache on a device, checks that the backing device belongs to it, and marks it as
   * open. Everything that refuses comes before the first write.
   *
   * @param name what the cache device is called in messages, for example its path
   * @param store the bytes behind {@code backing}
   * @param adopt whether to take the backing device although the cache does not name it
   * @param clock the wall-clock time that the mark bears
   * @param tuning for a cache of so many segments
   * @throws io.pcache.error.PcacheException where either device is not fit for it, or fails
   */
  public static AttachedCache attach(
      String name,
      Media media,
      BackingStore store,
      BackingDevice backing,
      boolean adopt,
      Clock clock,
      IntFunction<CacheTuning> tuning) {
    Superblock superblock = NamedCacheDevice.read(name, () -> superblock(media));
    CacheInfo info = NamedCacheDevice.read(name, () -> CacheInfo.load(media, superblock));
    IdentityKeeper identity = NamedCacheDevice.read(name, () -> IdentityKeeper.load(media, store));
    identity.checkDevice(adopt);
    Cache cache =
        NamedCacheDevice.read(
            name,
            () ->
                Cache.recover(
                    media,
                    info,
                    backing,
                    identity.lastWriter(),
                    identity.closedLog(),
                    identity,
                    tuning.apply(info.segments())));
    CacheSnapshot recovered = cache.snapshot();
    identity.check(
        new LogBounds(recovered.keyTail(), recovered.dirtyTail(), recovered.keyHead()),
        recovered.dirtyBytes() > 0,
        cache::isCached,
        adopt);
    cache.prepareForWriting();
    identity.opened(clock.epochMillis());
    return new AttachedCache(superblock, identity, cache);
  }

  /** A cache that lost its superblock is damaged, and not a device that may be formatted. */
  private static Superblock superblock(Media media) {
    if (!Superblock.isPresent(media.view())) {
      CacheTraces.describe(media.view())
          .ifPresent(traces -> {
            throw new CorruptMediaException(
                "no superblock at byte 4096, but %s; 'pcache repair' says what can be restored"
                    .formatted(traces));
          });
    }
    return Superblock.load(media);
  }

  /** The cache. */
  public Cache cache() {
    return cache;
  }

  Superblock superblock() {
    return superblock;
  }

  Identity identity() {
    return identity.identity();
  }

  /**
   * Ends in order: everything acknowledged is durable on return, and the identity record says where
   * the log was left.
   *
   * @throws io.pcache.error.PcacheException where the last flush failed
   */
  public void detach() {
    identity.closed(cache.finish());
  }
}
