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
 * Examines a cache that does not open. On request it rebuilds lost records from the remaining ones,
 * and discards the unreadable part of the log. It keeps the cache device locked and does not touch
 * the backing device.
 *
 * <p>A repair that a crash cuts short is completed by another repair.
 *
 * <p>Thread-safety: none.
 */
public final class CacheRepair implements AutoCloseable {
  /** Recovery takes staged keys only where the log ends as the killed process left it. */
  private static final String UNFLUSHED_WRITES_LOST =
      "writes that a killed process acknowledged and did not flush, if there are any, continue the end of the log, and are given up with it";

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
   * @throws io.pcache.error.PcacheException if the device is in use, is no cache, or has lost
   *     records that cannot be inferred
   */
  public static CacheRepair open(Path cache) {
    return open(cache, null);
  }

  /**
   * Like {@link #open(Path)}, for a cache whose use of data checksums is known.
   *
   * @param dataCrc whether it has data checksums; null to infer it if cache_info is lost
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
   * Refuses a device that holds other contents and no superblock. Another program may use it now,
   * and a restored superblock would destroy its data. The message speaks of one signature alone,
   * because a tool that removes all of them may destroy cached data.
   */
  private static void refuseForeignContents(Path cache, Media media) {
    if (Superblock.isPresent(media.view())) {
      return;
    }
    KnownContents.of(cache, media.view())
        .ifPresent(foreign -> {
          throw new UnsupportedFormatException(
              "%s: has no superblock of a cache, and holds %s; a repair could destroy that. If nobody needs it, copy its signature%s to a file, then overwrite only that with zeroes"
                  .formatted(cache, foreign.what(), foreign.place()));
        });
  }

  /**
   * Examines open media, which {@link #close} closes. Writes nothing.
   *
   * @param name the cache device's name in messages
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
    identity.ifPresent(Identity::refuseIfCut);
    long deviceBytes =
        identity.filter(Identity::isBound).map(Identity::backingBytes).orElse(Long.MAX_VALUE);
    LogBounds closedLog =
        identity.filter(id -> id.isBound() && !id.open()).map(Identity::closedLog).orElse(null);
    RecordRepair records = RecordRepair.examine(media, deviceBytes, closedLog, dataCrc);
    LogRepair log = LogRepair.examine(media, records, deviceBytes, closedLog);
    return new CacheRepair(media, identity, records, log);
  }

  /** Returns whether anything is damaged. */
  public boolean isDamaged() {
    return !records.findings().isEmpty() || hasLostIdentityCopy() || isLogDamaged();
  }

  private boolean hasLostIdentityCopy() {
    return identity.isPresent() && Identity.slots(media).hasLostACopy();
  }

  private boolean isLogDamaged() {
    return log.isDamaged();
  }

  /**
   * Returns the findings, one per line. Each lost record has a line that says how it is inferred.
   * The log's line says what a repair discards. If that is its end, another line tells of the
   * writes that a killed process did not flush.
   */
  public List<String> findings() {
    List<String> findings = new ArrayList<>(records.findings());
    if (hasLostIdentityCopy()) {
      findings.add("identity record: one of its two copies is lost; it is copied from the other");
    }
    findings.add(log.describe());
    if (log.breaksOff() && identity.filter(Identity::open).isPresent()) {
      findings.add(UNFLUSHED_WRITES_LOST);
    }
    return findings;
  }

  /**
   * Durably rebuilds the lost records and discards the unreadable part of the log. Afterwards the
   * cache opens again.
   */
  public void apply() {
    records.storeAllButSuperblock();
    LogBounds bounds = isLogDamaged() ? log.apply() : log.intact();
    // A log that ends elsewhere was used by the kernel since the close. The identity record must
    // not claim otherwise.
    identity
        .filter(id -> !id.open() && id.isBound())
        .filter(id -> isLogDamaged() || id.closedLog().keyHead().equals(bounds.keyHead()))
        .filter(id -> !id.closedLog().equals(bounds))
        .ifPresent(id -> id.closedAt(bounds).storeDurably(media));
    if (hasLostIdentityCopy()) {
      identity.ifPresent(id -> id.storeDurably(media));
    }
    records.storeSuperblock();
  }

  /** Releases the cache device. */
  @Override
  public void close() {
    media.close();
  }
}
