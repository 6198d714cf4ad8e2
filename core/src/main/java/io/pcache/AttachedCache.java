package io.pcache;

import io.pcache.agent.Clock;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingStore;
import io.pcache.cache.Cache;
import io.pcache.cache.CacheSnapshot;
import io.pcache.cache.CacheTuning;
import io.pcache.cache.recovery.Staging;
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
import java.util.List;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A recovered cache whose backing device has been verified, and whose identity record is marked as
 * open. Its agents have no threads yet: {@link Pcache} starts threads for them, and a simulation
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
   * open. Every check that can refuse comes before the first write.
   *
   * @param name the cache device's name in messages, for example its path
   * @param store the bytes behind {@code backing}
   * @param check whether the backing device has to match the identity record
   * @param place where staged keys are kept, so that they survive a killed process
   * @param clock the source of the wall-clock time in the open mark
   * @param tuning the tuning for a cache with a given number of segments
   * @throws io.pcache.error.PcacheException if either device is unfit, or fails
   */
  public static AttachedCache attach(
      String name,
      Media media,
      BackingStore store,
      BackingDevice backing,
      BackingCheck check,
      SharedMemoryPlace place,
      Clock clock,
      IntFunction<CacheTuning> tuning) {
    AttachedCache attached = recover(name, media, store, backing, check, place, tuning);
    try {
      attached.openForWriting(clock.epochMillis(), place.folder());
      return attached;
    } catch (Throwable t) {
      attached.leaveUnopened();
      throw t;
    }
  }

  /**
   * Does as {@link #attach} does, up to the first write. The cache is not marked as open, and
   * accepts no requests. {@link #leaveUnopened} ends its use.
   */
  static AttachedCache recover(
      String name,
      Media media,
      BackingStore store,
      BackingDevice backing,
      BackingCheck check,
      SharedMemoryPlace place,
      IntFunction<CacheTuning> tuning) {
    Superblock superblock = NamedCacheDevice.read(name, () -> superblock(media));
    CacheInfo info = NamedCacheDevice.read(name, () -> CacheInfo.load(media, superblock));
    BackingIdentity identity =
        NamedCacheDevice.read(name, () -> BackingIdentity.load(media, store));
    identity.checkFits();
    if (check == BackingCheck.VERIFY) {
      identity.checkDevice();
    }
    warnOfUnclaimedMemory(name, identity, place);
    SharedMemory memory = place.open(identity.identity().uuid(), Staging.MEMORY_BYTES);
    try {
      StagingOwner killedRun = identity.killedRun(memory.bootId());
      if (killedRun != null) {
        new KilledWrites(name, identity, place).refuseIfOutOfReach(killedRun, memory);
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
      verify(cache, identity, check);
      return new AttachedCache(superblock, identity, memory, cache);
    } catch (Throwable t) {
      leaveAsItWas(memory);
      throw t;
    }
  }

  /**
   * Without an identity record, memory for a device of this number may belong to another cache that
   * had the number before. So it is left alone.
   */
  private static void warnOfUnclaimedMemory(
      String name, BackingIdentity identity, SharedMemoryPlace place) {
    for (String location : identity.isAbsent() ? place.ofThisDevice() : List.<String>of()) {
      LOG.warn(
          "{}: has no identity record; if it lost it, what a killed process acknowledged and did not flush may be in {}, which is not used",
          name,
          location);
    }
  }

  private static void leaveAsItWas(SharedMemory memory) {
    if (new StagingRecord(memory).isEmpty()) {
      memory.remove();
    }
    memory.close();
  }

  private static void verify(Cache cache, BackingIdentity identity, BackingCheck check) {
    CacheSnapshot recovered = cache.snapshot();
    if (check == BackingCheck.VERIFY) {
      identity.check(
          new LogBounds(recovered.keyTail(), recovered.dirtyTail(), recovered.keyHead()),
          recovered.dirtyBytes() > 0,
          cache::isCached);
    }
  }

  /**
   * Makes the recovered staged keys durable, as they have to be before the open mark of the new run
   * replaces that of the killed one.
   */
  private void openForWriting(long epochMillis, String stagingFolder) {
    cache.prepareForWriting();
    identity.opened(epochMillis, stagingFolder);
    cache.beginStaging(identity.run(stagingMemory.bootId()));
  }

  /** Releases the shared memory of a cache that was not opened. What it holds stays. */
  void leaveUnopened() {
    leaveAsItWas(stagingMemory);
  }

  /**
   * A cache that has lost its superblock counts as damaged, not as a device that may be formatted.
   */
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

  /** Returns the cache. */
  public Cache cache() {
    return cache;
  }

  Superblock superblock() {
    return superblock;
  }

  Identity identity() {
    return identity.identity();
  }

  /** Returns whether every write that is acknowledged now survives a killed process. */
  public boolean survivesKill() {
    return stagingMemory.outlivesProcess() && stagingFault().isEmpty();
  }

  /** Returns where staged keys are kept, or why they do not survive a killed process. */
  String describeStaging() {
    String where = stagingMemory.describe();
    return stagingMemory.outlivesProcess() ? where + stagingFault() : where;
  }

  /** Returns the fault of shared memory that does outlive the process; empty if it has none. */
  private String stagingFault() {
    if (!cache.stagesInGivenMemory()) {
      return " is too small for what waits for the log";
    }
    return cache.isStagingOfUse()
        ? ""
        : " was given up: the cache device may have lost data that it names";
  }

  /**
   * Releases the shared memory. Call it after {@link #detach} or {@link Cache#kill}, with no
   * request in flight.
   */
  public void release() {
    stagingMemory.close();
  }

  /**
   * Shuts the cache down in an orderly way. On return everything acknowledged is durable, and the
   * identity record holds the log's positions.
   *
   * @throws io.pcache.error.PcacheException if the last flush failed
   */
  public void detach() {
    try {
      identity.closed(cache.shutDown());
    } catch (RuntimeException e) {
      identity.recordCut();
      throw e;
    }
    // Only now: after a kill, missing memory counts as a loss.
    stagingMemory.remove();
  }
}
