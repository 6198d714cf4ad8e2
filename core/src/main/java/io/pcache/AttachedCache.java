package io.pcache;

import io.pcache.agent.Clock;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingStore;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheSnapshot;
import io.pcache.cache.CacheTuning;
import io.pcache.cache.recovery.Staging;
import io.pcache.error.BadOptionException;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.CacheInfo;
import io.pcache.format.CacheTraces;
import io.pcache.format.Identity;
import io.pcache.format.LogBounds;
import io.pcache.format.Superblock;
import io.pcache.log.StagingOwner;
import io.pcache.log.StagingRecord;
import io.pcache.media.Media;
import io.pcache.media.SharedMemory;
import io.pcache.media.SharedMemoryPlace;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A recovered cache that has made sure that the backing device is its own, and has left its mark in
 * the identity record. Its agents have no threads yet: {@link Pcache} gives them some, a simulation
 * steps them. It owns neither device.
 *
 * <p>Thread-safety: as {@link Cache}; {@link #detach} once.
 */
public final class AttachedCache {
  private static final Logger LOG = LoggerFactory.getLogger(AttachedCache.class);

  private final Superblock superblock;
  private final BackingIdentity identity;
  private final SharedMemory stagingMemory;
  private final Cache cache;

  private AttachedCache(
      Superblock superblock, BackingIdentity identity, SharedMemory stagingMemory, Cache cache) {
    this.superblock = superblock;
    this.identity = identity;
    this.stagingMemory = stagingMemory;
    this.cache = cache;
  }

  /**
   * Recovers the cache on a device, checks that the backing device belongs to it, and marks it as
   * open. Everything that refuses comes before the first write.
   *
   * @param name what the cache device is called in messages, for example its path
   * @param store the bytes behind {@code backing}
   * @param adopt whether to take the backing device although the cache does not name it
   * @param place where keys are kept that are not in the log yet, so that they survive a killed
   *     process
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
      SharedMemoryPlace place,
      Clock clock,
      IntFunction<CacheTuning> tuning) {
    Superblock superblock = NamedCacheDevice.read(name, () -> superblock(media));
    CacheInfo info = NamedCacheDevice.read(name, () -> CacheInfo.load(media, superblock));
    BackingIdentity identity =
        NamedCacheDevice.read(name, () -> BackingIdentity.load(media, store));
    identity.checkDevice(adopt);
    SharedMemory memory = place.open(identity.identity().uuid(), Staging.MEMORY_BYTES);
    try {
      StagingOwner killedRun = identity.killedRun(memory.bootId());
      if (killedRun != null && !memory.outlivesProcess()) {
        giveUp(name, memory.describe(), place.holds(killedRun.cache()));
      }
      Staging staging = new Staging(memory, killedRun);
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
                      staging,
                      tuning.apply(info.segments())));
      openForWriting(cache, identity, adopt, clock);
      cache.beginStaging(identity.run(memory.bootId()));
      return new AttachedCache(superblock, identity, memory, cache);
    } catch (Throwable t) {
      leaveAsItWas(memory);
      throw t;
    }
  }

  /** What is still there, and only cannot be opened, is not given up unasked. */
  private static void giveUp(String name, String why, boolean isThere) {
    if (isThere) {
      throw new BadOptionException(
          """
          %s: a killed process may have acknowledged writes that are only in a file which cannot be opened: %s. \
          Let the user who served the cache before serve it again, or end the process that uses the file; \
          --force gives these writes up\
          """
              .formatted(name, why));
    }
    LOG.warn(
        "{}: what a killed process may have acknowledged and not flushed is given up: {}",
        name,
        why);
  }

  private static void leaveAsItWas(SharedMemory memory) {
    if (new StagingRecord(memory).isEmpty()) {
      memory.remove();
    }
    memory.close();
  }

  /** What a killed process left in memory is durable before the mark says that it is not there. */
  private static void openForWriting(
      Cache cache, BackingIdentity identity, boolean adopt, Clock clock) {
    CacheSnapshot recovered = cache.snapshot();
    identity.check(
        new LogBounds(recovered.keyTail(), recovered.dirtyTail(), recovered.keyHead()),
        recovered.dirtyBytes() > 0,
        cache::isCached,
        adopt);
    cache.prepareForWriting();
    identity.opened(clock.epochMillis());
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

  /** Whether every write that is acknowledged now survives a killed process. */
  public boolean survivesKill() {
    return stagingMemory.outlivesProcess() && stagingFault().isEmpty();
  }

  /** Where staged keys are kept, or, where they do not survive a killed process, why. */
  String describeStaging() {
    String where = stagingMemory.describe();
    return stagingMemory.outlivesProcess() ? where + stagingFault() : where;
  }

  /** What is wrong with memory that outlives the process; empty where nothing is. */
  private String stagingFault() {
    if (!cache.stagesInGivenMemory()) {
      return " is too small for what waits for the log";
    }
    return cache.isStagingOfUse()
        ? ""
        : " was given up: the cache device may have lost data that it names";
  }

  /** Releases memory, after {@link #detach} or {@link Cache#kill} and when nothing is in flight. */
  public void release() {
    stagingMemory.close();
  }

  /**
   * Ends in order: everything acknowledged is durable on return, and the identity record says where
   * the log was left.
   *
   * @throws io.pcache.error.PcacheException where the last flush failed
   */
  public void detach() {
    LogBounds log = cache.shutDown();
    identity.closed(log);
    // Only now: memory that is missing after a kill counts as a loss.
    stagingMemory.remove();
  }
}
