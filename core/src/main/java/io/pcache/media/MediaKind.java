package io.pcache.media;

/** What a cache device is made of, for status and logs. */
public enum MediaKind {
  /** Persistent memory on a file system with DAX: durable at cache-line granularity. */
  DAX(true),
  /** tmpfs, ramfs or hugetlbfs: lasts until the machine goes down. */
  MEMORY(false),
  /** A file on a disk, or a block device, through the page cache. */
  FILE(true),
  /** A simulated device. */
  SIMULATED(true);

  private final boolean outlivesPowerCut;

  MediaKind(boolean outlivesPowerCut) {
    this.outlivesPowerCut = outlivesPowerCut;
  }

  /** Whether synced bytes survive a power cut, as far as the kind tells. */
  public boolean outlivesPowerCut() {
    return outlivesPowerCut;
  }
}
