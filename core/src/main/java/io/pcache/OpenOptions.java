package io.pcache;

import io.pcache.format.CacheInfo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How to open a cache and its backing device.
 *
 * @param cache the formatted cache device
 * @param backing the backing device: a block device or a regular file
 * @param adopt whether to take the given backing device as this cache's own although nothing on the
 *     cache says so, or it says otherwise
 * @param directBacking whether to open the backing device past the page cache (O_DIRECT)
 * @param stagingFolder a folder on tmpfs for a file with the keys of writes that are acknowledged
 *     and not in the log yet, which so survive a killed process; where it is not fit for that the
 *     cache opens all the same, and {@link PcacheStatus#survivesKill} says so
 * @param gcPercent a new gc_percent (0–90) to persist, or null to keep the cache's
 * @param force whether to open a file that a loop device has attached: who uses that device must
 *     not write to it; and to open without the acknowledged writes of a killed process where the
 *     file that holds them is there and cannot be opened
 */
public record OpenOptions(
    Path cache,
    Path backing,
    boolean adopt,
    boolean directBacking,
    Path stagingFolder,
    @Nullable Integer gcPercent,
    boolean force) {
  /** Where Linux has memory that processes share. */
  public static final Path DEFAULT_STAGING_FOLDER = Path.of("/dev/shm");

  /**
   * Checks what can be told of the options alone.
   *
   * @throws io.pcache.error.BadOptionException where gc_percent is not in range
   */
  public OpenOptions {
    if (gcPercent != null) {
      checkGcPercent(gcPercent);
    }
  }

  /**
   * Checks a gc_percent.
   *
   * @throws io.pcache.error.BadOptionException where it is not 0 to 90
   */
  public static void checkGcPercent(int gcPercent) {
    CacheInfo.checkGcPercent(gcPercent);
  }

  /** The plain choice: identity checked, page cache used, gc_percent kept. */
  public static OpenOptions of(Path cache, Path backing) {
    return new OpenOptions(cache, backing, false, false, DEFAULT_STAGING_FOLDER, null, false);
  }

  /** The same with or without adoption. */
  public OpenOptions withAdopt(boolean newAdopt) {
    return new OpenOptions(
        cache, backing, newAdopt, directBacking, stagingFolder, gcPercent, force);
  }

  /** The same with or without O_DIRECT on the backing device. */
  public OpenOptions withDirectBacking(boolean newDirectBacking) {
    return new OpenOptions(
        cache, backing, adopt, newDirectBacking, stagingFolder, gcPercent, force);
  }

  /** The same with another folder for staged keys. */
  public OpenOptions withStagingFolder(Path newStagingFolder) {
    return new OpenOptions(
        cache, backing, adopt, directBacking, newStagingFolder, gcPercent, force);
  }

  /** The same with another gc_percent, 0–90. */
  public OpenOptions withGcPercent(@Nullable Integer newGcPercent) {
    return new OpenOptions(
        cache, backing, adopt, directBacking, stagingFolder, newGcPercent, force);
  }

  /** The same with or without opening what a loop device has attached. */
  public OpenOptions withForce(boolean newForce) {
    return new OpenOptions(
        cache, backing, adopt, directBacking, stagingFolder, gcPercent, newForce);
  }
}
