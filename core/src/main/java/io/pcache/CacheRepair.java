package io.pcache;

import io.pcache.cache.repair.LogRepair;
import io.pcache.cache.repair.RecordRepair;
import io.pcache.error.MediaFailureException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.format.CacheTraces;
import io.pcache.format.Identity;
import io.pcache.format.LogBounds;
import io.pcache.format.Superblock;
import io.pcache.media.Media;
import io.pcache.media.MediaFiles;
import io.pcache.nativeio.LoopDevices;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Examines a cache that does not open, rebuilds lost records from those that are left, and gives up
 * the unreadable part of its log, when told to. The cache device is locked meanwhile; the backing
 * device is not touched.
 *
 * <p>A repair that a crash cuts short is completed by another one.
 *
 * <p>Thread-safety: none.
 */
public final class CacheRepair implements AutoCloseable {
  private final Media media;
  private final Optional<Identity> identity;
  private final RecordRepair records;
  private final LogRepair log;

  private CacheRepair(
      Media media, Optional<Identity> identity, RecordRepair records, LogRepair log) {
    this.media = media;
    this.identity = identity;
    this.records = records;
    this.log = log;
  }

  /**
   * Opens a cache device and examines it. Writes nothing.
   *
   * @throws io.pcache.error.PcacheException where the device is in use, is no cache, or has lost
   *     what does not follow from the rest
   */
  public static CacheRepair open(Path cache) {
    return open(cache, null);
  }

  /**
   * The same for a cache of which is known whether it was formatted with data checksums.
   *
   * @param dataCrc null to infer it where cache_info is lost
   */
  public static CacheRepair open(Path cache, @Nullable Boolean dataCrc) {
    LoopDevices.refuseAttached(cache);
    Media media = MediaFiles.open(cache);
    try {
      refuseForeignContents(cache, media);
      return examine(cache.toString(), media, dataCrc);
    } catch (InternalError e) {
      media.close();
      throw new MediaFailureException(cache + ": a page of the cache device failed", e);
    } catch (Throwable t) {
      media.close();
      throw t;
    }
  }

  /**
   * Somebody else may have taken the device over since it was a cache: to put a superblock back
   * would destroy what is theirs.
   */
  private static void refuseForeignContents(Path cache, Media media) {
    if (Superblock.isPresent(media.view())) {
      return;
    }
    KnownContents.of(cache, media.view())
        .ifPresent(foreign -> {
          throw new UnsupportedFormatException(
              "%s: has no superblock of a cache, and holds %s; a repair could destroy that. If nobody needs it, remove its signature with wipefs first"
                  .formatted(cache, foreign));
        });
  }

  /**
   * Examines media that are open already, and that {@link #close} closes. Writes nothing.
   *
   * @param name what the cache device is called in messages
   * @param dataCrc as in {@link #open(Path, Boolean)}
   */
  public static CacheRepair examine(String name, Media media, @Nullable Boolean dataCrc) {
    return NamedCacheDevice.read(name, () -> examine(media, dataCrc));
  }

  private static CacheRepair examine(Media media, @Nullable Boolean dataCrc) {
    if (!Superblock.isPresent(media.view()) && CacheTraces.on(media.view()).isEmpty()) {
      throw new UnsupportedFormatException(
          "no cache found, and no trace of one; give a device that was formatted as a cache");
    }
    Optional<Identity> identity = Identity.load(media);
    long deviceBytes =
        identity.filter(Identity::isBound).map(Identity::backingBytes).orElse(Long.MAX_VALUE);
    LogBounds closedLog =
        identity.filter(id -> id.isBound() && !id.open()).map(Identity::closedLog).orElse(null);
    RecordRepair records = RecordRepair.examine(media, deviceBytes, closedLog, dataCrc);
    LogRepair log = LogRepair.examine(media, records, deviceBytes, closedLog);
    return new CacheRepair(media, identity, records, log);
  }

  /** Whether anything is wrong. */
  public boolean isDamaged() {
    return !records.findings().isEmpty() || isLogDamaged();
  }

  private boolean isLogDamaged() {
    return log.damage() != LogRepair.Damage.NONE;
  }

  /**
   * What was found, a line each: every record that is lost, with what it is inferred from, and the
   * log, with what a repair gives up.
   */
  public List<String> findings() {
    List<String> findings = new ArrayList<>(records.findings());
    findings.add(log.describe());
    return findings;
  }

  /**
   * Rebuilds what is lost and gives up what is unreadable, durably; the cache opens again
   * afterwards.
   */
  public void apply() {
    records.storeAllButSuperblock();
    LogBounds bounds = isLogDamaged() ? log.apply() : log.intact();
    // What was closed elsewhere was used by the kernel since: the record must not claim otherwise.
    identity
        .filter(id -> !id.open() && id.isBound())
        .filter(id -> isLogDamaged() || id.closedLog().keyHead().equals(bounds.keyHead()))
        .filter(id -> !id.closedLog().equals(bounds))
        .ifPresent(id -> id.closedAt(bounds).storeDurably(media));
    records.storeSuperblock();
  }

  /** Releases the cache device. */
  @Override
  public void close() {
    media.close();
  }
}
