package io.pcache.block;

/** Receives a device's range states in order of offset, without gaps. */
@FunctionalInterface
public interface RangeStateVisitor {
  /**
   * One range of uniform state.
   *
   * @param offsetBytes start on the device
   * @param lengthBytes length, above 0
   * @param state what the cache holds of it
   * @return whether to go on
   */
  boolean visit(long offsetBytes, long lengthBytes, RangeState state);
}
