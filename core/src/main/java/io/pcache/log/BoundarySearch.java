package io.pcache.log;

import io.pcache.format.LogAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds out whether given addresses are key set boundaries: the start of a key set, or the end of
 * the log. It observes a walk of the log.
 *
 * <p>Thread-safety: none.
 */
public final class BoundarySearch implements KeySetVisitor {
  private final Set<LogAddress> wanted;
  private final Set<LogAddress> met = new HashSet<>();

  /** Creates a search for the given addresses. */
  public BoundarySearch(LogAddress... wanted) {
    // List.of keeps duplicates; Set.of would reject them.
    this.wanted = new HashSet<>(List.of(wanted));
  }

  @Override
  public void visit(LogPosition position, KeySetReader reader) {
    meet(position);
  }

  /** Records the end of the walk, and returns it. */
  public LogPosition endsAt(LogPosition end) {
    meet(end);
    return end;
  }

  private void meet(LogPosition position) {
    if (wanted.contains(position.address())) {
      met.add(position.address());
    }
  }

  /** Returns whether the walk reached a wanted address. */
  public boolean hasMet(LogAddress address) {
    return met.contains(address);
  }
}
