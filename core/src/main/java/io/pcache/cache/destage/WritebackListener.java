package io.pcache.cache.destage;

/**
 * Called before write-back changes a range of the backing device, when changes are durable, and
 * when the cache device has lost data. All calls come from the write-back agent.
 */
@FunctionalInterface
public interface WritebackListener {
  /**
   * Called before write-back changes a range. Anything that must be durable before the write is
   * made durable here. A failure of the cache device prevents the write, and is final like one of
   * the log.
   */
  void beforeWrite(long offsetBytes, long lengthBytes);

  /**
   * Called when everything written so far is durable and nothing is in flight. Implementations
   * handle failures of the backing device. A failure of the cache device is final, like one of the
   * log.
   */
  default void afterFlush() {}

  /** Called once, at any time, when the cache device was cut or removed while it was served. */
  default void cacheDeviceLost() {}
}
