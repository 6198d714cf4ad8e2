package io.pcache.nativeio;

/**
 * The identity and size of a file.
 *
 * @param device the file system that holds it, or for a block device the device itself
 * @param inode its inode number, or 0 for a block device, whose node may change
 * @param links number of its names (hard links)
 * @param sizeBytes its size, or 0 for a block device
 */
record FileState(long device, long inode, long links, long sizeBytes) {
  /** Identifies a file on this machine. The components are those of {@link FileState}. */
  record Id(long device, long inode) {}

  Id id() {
    return new Id(device, inode);
  }

  boolean isSameFile(FileState other) {
    return id().equals(other.id());
  }
}
