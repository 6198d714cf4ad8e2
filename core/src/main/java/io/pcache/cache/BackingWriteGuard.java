package io.pcache.cache;

/** Told before write-back changes a range of the backing device. */
@FunctionalInterface
public interface BackingWriteGuard {
  /**
   * Write-back is about to change a range. What has to be durable before is made durable here; a
   * failure keeps the write from happening.
   */
  void beforeWrite(long offsetBytes, long lengthBytes);
}
