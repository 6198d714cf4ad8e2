package io.pcache.log;

/** Receives the key sets of a walk in log order. */
@FunctionalInterface
public interface KeySetVisitor {
  /**
   * Visits one key set. A LAST key set has no keys.
   *
   * @param position the position of the key set
   * @param reader holds the key set until this method returns
   */
  void visit(LogPosition position, KeySetReader reader);
}
