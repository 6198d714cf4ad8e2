package io.pcache.testkit;

import io.pcache.block.BlockDevice;

/** A cache as the model test sees it. Called by one thread; only its device is used by many. */
public interface CacheUnderTest extends AutoCloseable {
  /** The device, until the next {@link #reopen} or {@link #recover}. */
  BlockDevice device();

  /** Closes in order and opens again. */
  void reopen();

  /**
   * Ends as a killed process does; requests in flight complete, some with {@link
   * io.pcache.error.ClosedException}.
   */
  void kill();

  /** Opens again after {@link #kill}. */
  void recover();

  /**
   * Changes where reclaiming starts.
   *
   * @param gcPercent 0–90
   */
  void setGcPercent(int gcPercent);

  /** Closes in order, for good. */
  @Override
  void close();
}
