package io.pcache;

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
 * @param gcPercent a new gc_percent (0–90) to persist, or null to keep the cache's
 * @param force whether to open a file that a loop device has attached: who uses that device must
 *     not write to it
 */
public record OpenOptions(
    Path cache,
    Path backing,
    boolean adopt,
    boolean directBacking,
    @Nullable Integer gcPercent,
    boolean force) {
  /** The plain choice: identity checked, page cache used, gc_percent kept. */
  public static OpenOptions of(Path cache, Path backing) {
    return new OpenOptions(cache, backing, false, false, null, false);
  }

  /** The same with or without adoption. */
  public OpenOptions withAdopt(boolean newAdopt) {
    return new OpenOptions(cache, backing, newAdopt, directBacking, gcPercent, force);
  }

  /** The same with or without O_DIRECT on the backing device. */
  public OpenOptions withDirectBacking(boolean newDirectBacking) {
    return new OpenOptions(cache, backing, adopt, newDirectBacking, gcPercent, force);
  }

  /** The same with another gc_percent, 0–90. */
  public OpenOptions withGcPercent(@Nullable Integer newGcPercent) {
    return new OpenOptions(cache, backing, adopt, directBacking, newGcPercent, force);
  }

  /** The same with or without opening what a loop device has attached. */
  public OpenOptions withForce(boolean newForce) {
    return new OpenOptions(cache, backing, adopt, directBacking, gcPercent, newForce);
  }
}
