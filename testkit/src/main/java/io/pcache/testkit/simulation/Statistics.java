package io.pcache.testkit.simulation;

/** What was tried. Not thread-safe. */
public final class Statistics {
  long worlds;
  long cycles;
  long powerCuts;
  long nestedCuts;
  long kills;
  long closes;
  long actions;
  long faults;
  long mediaChecks;
  long combinations;
  long rotten;

  /** Nothing yet. */
  public Statistics() {}

  /** Worlds lived through. */
  public long worlds() {
    return worlds;
  }

  /** Times that power was lost or a process killed, and the cache recovered and judged. */
  public long cycles() {
    return cycles;
  }

  /** Power cuts. */
  public long powerCuts() {
    return powerCuts;
  }

  /** Those of them that met a recovery from an earlier one. */
  public long nestedCuts() {
    return nestedCuts;
  }

  /** Killed processes. */
  public long kills() {
    return kills;
  }

  /** Orderly closes. */
  public long closes() {
    return closes;
  }

  /** Requests, pauses and other actions. */
  public long actions() {
    return actions;
  }

  /** Injected faults. */
  public long faults() {
    return faults;
  }

  /** Full media checks. */
  public long mediaChecks() {
    return mediaChecks;
  }

  /** Combinations of old and new lines that the exhaustive mode tried. */
  public long combinations() {
    return combinations;
  }

  /** Devices with bit rot that were opened. */
  public long rotten() {
    return rotten;
  }
}
