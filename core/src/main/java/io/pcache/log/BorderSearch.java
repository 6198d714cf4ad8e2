package io.pcache.log;

import io.pcache.format.LogAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks, on a walk of the log, for addresses where a key set begins or the log ends.
 *
 * <p>Thread-safety: none.
 */
public final class BorderSearch implements KeySetVisitor {
  private final Set<LogAddress> wanted;
  private final Set<LogAddress> met = new HashSet<>();

  /** Looks for some addresses. */
  public BorderSearch(LogAddress... wanted) {
    // Two of them may be the same.
    this.wanted = new HashSet<>(List.of(wanted));
  }

  @Override
  public void visit(LogPosition position, KeySetReader reader) {
    meet(position);
  }

  /** The walk has ended here. Returns where. */
  public LogPosition endsAt(LogPosition end) {
    meet(end);
    return end;
  }

  private void meet(LogPosition position) {
    if (wanted.contains(position.address())) {
      met.add(position.address());
    }
  }

  /** Whether the walk came to an address that was looked for. */
  public boolean hasMet(LogAddress address) {
    return met.contains(address);
  }
}
