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
  boolean isSameFile(FileState other) {
    return device == other.device && inode == other.inode;
  }
}
