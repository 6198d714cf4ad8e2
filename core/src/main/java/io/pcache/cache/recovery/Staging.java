package io.pcache.cache.recovery;

import io.pcache.log.StagedKeysPool;
import io.pcache.log.StagingOwner;
import io.pcache.media.ProcessMemory;
import io.pcache.media.SharedMemory;
import org.jspecify.annotations.Nullable;

/**
 * Where staged keys wait for the log, and whose keys may be found there.
 *
 * @param memory {@link #MEMORY_BYTES} where it is to outlive the process; the cache does not own it
 * @param lastRun the last run of the cache, or null where that is not known or was closed in order
 */
public record Staging(SharedMemory memory, @Nullable StagingOwner lastRun) {
  /**
   * Room for what eight stripes may hold, in their stages, in the group that is being published and
   * in the one behind it, and for a hundred buffers more.
   */
  private static final int BUFFERS = 320;

  /** How much memory is needed. */
  public static final long MEMORY_BYTES = StagedKeysPool.sizeBytes(BUFFERS);

  /** As many buffers as are mostly in use; where more are needed, they come from the heap too. */
  private static final int BUFFERS_IN_PROCESS = 32;

  /** In memory of this process alone. */
  public static Staging inProcess() {
    long sizeBytes = StagedKeysPool.sizeBytes(BUFFERS_IN_PROCESS);
    return new Staging(new ProcessMemory(sizeBytes, "not asked for"), null);
  }
}
