package io.pcache.testkit.simulation;

import io.pcache.testkit.CrashFate;
import io.pcache.testkit.CrashMedia;
import io.pcache.testkit.CrashMedia.UnsyncedUnit;
import io.pcache.testkit.RandomFate;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * All that a crash can leave of what was written since the last sync: for metadata and log every
 * combination of old and new units, with the cached data all kept and all lost. Where there are
 * more than {@link #MOST} combinations, that many are drawn.
 */
final class Combinations {
  static final int MOST = 256;

  private static final long SEGMENTS_OFFSET = 20 << 10;
  private static final long SEGMENT_BYTES = 16 << 20;
  private static final long SEGMENT_HEADER_BYTES = 12 << 10;

  private final List<UnsyncedUnit> units = new ArrayList<>();
  private long count = 1;

  /**
   * Looks at a device.
   *
   * @param logSegments segments that hold the log
   */
  Combinations(CrashMedia media, BitSet logSegments) {
    for (UnsyncedUnit unit : media.unsyncedUnits()) {
      if (isMetadata(unit.offsetBytes(), logSegments)) {
        units.add(unit);
        count = Math.min(Integer.MAX_VALUE, count * (unit.writes() + 1));
      }
    }
  }

  private static boolean isMetadata(long offsetBytes, BitSet logSegments) {
    long inside = offsetBytes - SEGMENTS_OFFSET;
    return inside < 0
        || inside % SEGMENT_BYTES < SEGMENT_HEADER_BYTES
        || logSegments.get((int) (inside / SEGMENT_BYTES));
  }

  /** The fates to try; whatever is left to chance besides is drawn too. */
  List<CrashFate> fates(RandomGenerator random) {
    List<CrashFate> fates = new ArrayList<>();
    fates.add(new RandomFate(random));
    for (long number = 0; number < Math.min(count, MOST); number++) {
      int[] takenBack = count <= MOST ? digits(number) : draw(random);
      fates.add(new ChosenFate(units, takenBack, true));
      fates.add(new ChosenFate(units, takenBack, false));
    }
    return fates;
  }

  private int[] digits(long number) {
    int[] takenBack = new int[units.size()];
    long left = number;
    for (int i = 0; i < takenBack.length; i++) {
      int base = units.get(i).writes() + 1;
      takenBack[i] = (int) (left % base);
      left /= base;
    }
    return takenBack;
  }

  private int[] draw(RandomGenerator random) {
    int[] takenBack = new int[units.size()];
    for (int i = 0; i < takenBack.length; i++) {
      takenBack[i] = random.nextInt(units.get(i).writes() + 1);
    }
    return takenBack;
  }
}
