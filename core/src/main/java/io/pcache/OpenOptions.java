package io.pcache;

import io.pcache.format.CacheInfo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How to open a cache and its backing device.
 *
 * @param cache the formatted cache device
 * @param backing the backing device: a block device or a regular file
 * @param adopt whether to accept a backing device that does not match the cache's identity record,
 *     or that no record names
 * @param directBacking whether to open the backing device past the page cache (O_DIRECT)
 * @param stagingFolder folder on tmpfs for a file of staged keys, so that they survive a killed
 *     process; if unusable, the cache still opens, see {@link PcacheStatus#survivesKill}
 * @param gcPercent a new gc_percent (0–90) to persist, or null to keep the cache's
 * @param force whether to open files and block devices that loop devices have attached
 * @param giveUpUnflushed whether to open without the acknowledged writes of a killed process, if
 *     their file cannot be read or is that of another device number
 */
public record OpenOptions(
    Path cache,
    Path backing,
    boolean adopt,
    boolean directBacking,
    Path stagingFolder,
    @Nullable Integer gcPercent,
    boolean force,
    boolean giveUpUnflushed) {
  /** The folder of Linux for memory that processes share. */
  public static final Path DEFAULT_STAGING_FOLDER = Path.of("/dev/shm");

  /** The range of gc_percent, for messages. */
  public static final String GC_PERCENT_RANGE = CacheInfo.GC_PERCENT_RANGE;

  /**
   * Checks the options that can be checked by themselves.
   *
   * @throws io.pcache.error.BadOptionException if gc_percent is out of range
   */
  public OpenOptions {
    if (gcPercent != null) {
      checkGcPercent(gcPercent);
    }
  }

  /**
   * Checks a gc_percent.
   *
   * @throws io.pcache.error.BadOptionException if it is not 0 to 90
   */
  public static void checkGcPercent(int gcPercent) {
    CacheInfo.checkGcPercent(gcPercent);
  }

  /** Returns the defaults: identity checked, page cache used, gc_percent kept. */
  public static OpenOptions of(Path cache, Path backing) {
    return new OpenOptions(
        cache, backing, false, false, DEFAULT_STAGING_FOLDER, null, false, false);
  }

  /** Returns a copy with or without adoption. */
  public OpenOptions withAdopt(boolean newAdopt) {
    return new OpenOptions(
        cache, backing, newAdopt, directBacking, stagingFolder, gcPercent, force, giveUpUnflushed);
  }

  /** Returns a copy with or without O_DIRECT on the backing device. */
  public OpenOptions withDirectBacking(boolean newDirectBacking) {
    return new OpenOptions(
        cache, backing, adopt, newDirectBacking, stagingFolder, gcPercent, force, giveUpUnflushed);
  }

  /** Returns a copy with another folder for staged keys. */
  public OpenOptions withStagingFolder(Path newStagingFolder) {
    return new OpenOptions(
        cache, backing, adopt, directBacking, newStagingFolder, gcPercent, force, giveUpUnflushed);
  }

  /** Returns a copy with another gc_percent, 0–90, or null to keep the cache's. */
  public OpenOptions withGcPercent(@Nullable Integer newGcPercent) {
    return new OpenOptions(
        cache, backing, adopt, directBacking, stagingFolder, newGcPercent, force, giveUpUnflushed);
  }

  /** Returns a copy that opens what loop devices have attached, or refuses it. */
  public OpenOptions withForce(boolean newForce) {
    return new OpenOptions(
        cache, backing, adopt, directBacking, stagingFolder, gcPercent, newForce, giveUpUnflushed);
  }

  /**
   * Returns a copy that gives up the acknowledged writes of a killed process, or refuses to. It
   * matters only if their file cannot be read, or is that of another device number.
   */
  public OpenOptions withGiveUpUnflushed(boolean newGiveUpUnflushed) {
    return new OpenOptions(
        cache, backing, adopt, directBacking, stagingFolder, gcPercent, force, newGiveUpUnflushed);
  }
}
