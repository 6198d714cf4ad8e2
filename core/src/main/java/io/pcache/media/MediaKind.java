package io.pcache.media;

/** The kinds of cache device, for status and logs. */
public enum MediaKind {
  /** Persistent memory on a file system with DAX: durable at cache-line granularity. */
  DAX(true),
  /** tmpfs, ramfs or hugetlbfs: keeps its contents until the machine goes down. */
  MEMORY(false),
  /** A file on a disk, or a block device, through the page cache. */
  FILE(true),
  /** A simulated device. */
  SIMULATED(true);

  private final boolean outlivesPowerCut;

  MediaKind(boolean outlivesPowerCut) {
    this.outlivesPowerCut = outlivesPowerCut;
  }

  /** Returns whether synced bytes survive a power cut, as far as the kind can guarantee it. */
  public boolean outlivesPowerCut() {
    return outlivesPowerCut;
  }
}
