package io.pcache.testkit;

/** The unit in which a simulated device keeps or loses what was not synced. */
public enum CrashGrain {
  /** Persistent memory: every 64-byte line goes its own way, and sync never waits. */
  CACHE_LINE(64),
  /**
   * A disk behind a page cache: every 512-byte sector goes its own way, because a page may be
   * written at any time, unasked, and the disk keeps its sectors in any order; sync waits.
   */
  SECTOR(512);

  private final int unitBytes;

  CrashGrain(int unitBytes) {
    this.unitBytes = unitBytes;
  }

  int unitBytes() {
    return unitBytes;
  }
}
