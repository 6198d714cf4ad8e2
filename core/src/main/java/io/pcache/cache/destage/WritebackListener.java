package io.pcache.cache.destage;

/** Told before write-back changes a range of the backing device, and when the change is durable. */
@FunctionalInterface
public interface WritebackListener {
  /**
   * Write-back is about to change a range. What has to be durable before is made durable here; a
   * failure keeps the write from happening.
   */
  void beforeWrite(long offsetBytes, long lengthBytes);

  /** Everything written so far is durable, and nothing is in flight. A failure is of no effect. */
  default void afterFlush() {}
}
