package io.pcache.cache.recovery;

import io.pcache.log.StagedKeysPool;
import io.pcache.log.StagingOwner;
import io.pcache.media.SharedMemory;
import org.jspecify.annotations.Nullable;

/**
 * The memory that holds staged keys until the log has them, and the run that may have left some
 * there.
 *
 * @param memory {@link #MEMORY_BYTES} of memory if it is to outlive the process; the cache does not
 *     own it
 * @param lastRun the last run of the cache, or null if unknown or closed in an orderly way
 */
public record Staging(SharedMemory memory, @Nullable StagingOwner lastRun) {
  /**
   * Buffers for the keys of eight stripes: in their stages, in the group being published, and in
   * the one behind it. A hundred more are spare.
   */
  private static final int BUFFERS = 320;

  /** The required size of the memory. */
  public static final long MEMORY_BYTES = StagedKeysPool.sizeBytes(BUFFERS);
}
