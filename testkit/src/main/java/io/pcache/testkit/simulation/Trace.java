package io.pcache.testkit.simulation;

import java.util.ArrayList;
import java.util.List;

/** The last operations of a world, to be shown when something is wrong. Not thread-safe. */
final class Trace {
  private static final int KEPT = 40;

  private final String[] lines = new String[KEPT];
  private long count;

  void add(int depth, String line) {
    lines[(int) (count++ % KEPT)] = "  ".repeat(depth) + line;
  }

  /** Oldest first. */
  List<String> lines() {
    List<String> result = new ArrayList<>();
    for (long i = Math.max(0, count - KEPT); i < count; i++) {
      result.add(lines[(int) (i % KEPT)]);
    }
    return result;
  }
}
