package io.pcache.nativeio;

/**
 * What tells an open file from another, and how large it is.
 *
 * @param device the file system that holds it, or for a block device the device itself
 * @param inode its number there, or 0 for a block device, which may get another node
 * @param links how many names it has
 * @param sizeBytes its size, or 0 for a block device
 */
record FileState(long device, long inode, long links, long sizeBytes) {
  boolean isSameFile(FileState other) {
    return device == other.device && inode == other.inode;
  }
}
