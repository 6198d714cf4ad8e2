package io.pcache.testkit;

import java.util.Arrays;

/** A small number for each of some units of a device. Not thread-safe. */
final class UnitCounts {
  /** A new count for a unit. */
  interface Replacement {
    int of(long unit, int count);
  }

  private static final long NO_UNIT = -1;

  private long[] units = new long[64];
  private int[] counts = new int[64];
  private long[] order = new long[32];
  private int size;

  UnitCounts() {
    Arrays.fill(units, NO_UNIT);
  }

  int size() {
    return size;
  }

  /** The unit that came as number {@code i}. */
  long unit(int i) {
    return order[i];
  }

  int count(long unit) {
    int slot = slot(unit);
    return units[slot] == unit ? counts[slot] : 0;
  }

  void addOne(long unit) {
    int slot = slot(unit);
    if (units[slot] == NO_UNIT) {
      if (size == order.length) {
        grow();
        slot = slot(unit);
      }
      units[slot] = unit;
      order[size++] = unit;
    }
    counts[slot]++;
  }

  /** Takes one off a unit's count; false where it is 0 already. */
  boolean takeOne(long unit) {
    int slot = slot(unit);
    if (units[slot] != unit || counts[slot] == 0) {
      return false;
    }
    counts[slot]--;
    return true;
  }

  boolean hasMore(long unit) {
    return count(unit) > 0;
  }

  /** Replaces all counts, in the order in which the units came. */
  void replaceEach(Replacement replacement) {
    for (int i = 0; i < size; i++) {
      int slot = slot(order[i]);
      counts[slot] = replacement.of(order[i], counts[slot]);
    }
  }

  private int slot(long unit) {
    int mask = units.length - 1;
    int slot = (int) ((unit * 0x9E3779B97F4A7C15L) >>> 40) & mask;
    while (units[slot] != NO_UNIT && units[slot] != unit) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldUnits = units;
    int[] oldCounts = counts;
    units = new long[4 * oldUnits.length];
    counts = new int[units.length];
    order = Arrays.copyOf(order, units.length / 2);
    Arrays.fill(units, NO_UNIT);
    for (int i = 0; i < oldUnits.length; i++) {
      if (oldUnits[i] != NO_UNIT) {
        int slot = slot(oldUnits[i]);
        units[slot] = oldUnits[i];
        counts[slot] = oldCounts[i];
      }
    }
  }
}
