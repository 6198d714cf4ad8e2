package io.pcache.log;

/** Receives the key sets of a walk in log order. */
@FunctionalInterface
public interface KeySetVisitor {
  /**
   * One key set with keys, or a LAST one, which has none.
   *
   * @param position where it lies
   * @param reader holds it until this returns
   */
  void visit(LogPosition position, KeySetReader reader);
}
