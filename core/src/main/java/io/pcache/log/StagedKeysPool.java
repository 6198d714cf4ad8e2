package io.pcache.log;

import java.util.ArrayDeque;

/** Empty key buffers for reuse. Thread-safety: all methods from any thread. */
public final class StagedKeysPool {
  private final ArrayDeque<StagedKeys> idle = new ArrayDeque<>();
  private final int capacity;

  /**
   * Creates an empty pool.
   *
   * @param capacity the most buffers that are kept; more are left to the collector
   */
  public StagedKeysPool(int capacity) {
    this.capacity = capacity;
  }

  synchronized StagedKeys take() {
    StagedKeys keys = idle.pollLast();
    return keys != null ? keys : new StagedKeys();
  }

  /** Gives a buffer back; its keys are dropped. */
  public synchronized void give(StagedKeys keys) {
    keys.clear();
    if (idle.size() < capacity) {
      idle.addLast(keys);
    }
  }
}
