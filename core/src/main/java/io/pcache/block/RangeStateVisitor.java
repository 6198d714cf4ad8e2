package io.pcache.block;

/** Receives a device's range states in order of offset, without gaps. */
@FunctionalInterface
public interface RangeStateVisitor {
  /**
   * Receives one range of uniform state.
   *
   * @param offsetBytes start on the device
   * @param lengthBytes length, above 0
   * @param state the cache's state of the range
   * @return whether to continue
   */
  boolean visit(long offsetBytes, long lengthBytes, RangeState state);
}
