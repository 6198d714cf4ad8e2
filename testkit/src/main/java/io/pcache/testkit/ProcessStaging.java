package io.pcache.testkit;

import io.pcache.cache.recovery.Staging;
import io.pcache.log.StagedKeysPool;
import io.pcache.media.ProcessMemory;

/** Staging in the memory of this process alone, for a cache that needs to survive no kill. */
public final class ProcessStaging {
  /** The number of buffers usually in use. If more are needed, they come from the heap. */
  private static final int BUFFERS = 32;

  private ProcessStaging() {}

  /** Creates staging that no run has used before. */
  public static Staging create() {
    return new Staging(new ProcessMemory(StagedKeysPool.sizeBytes(BUFFERS), "not asked for"), null);
  }
}
