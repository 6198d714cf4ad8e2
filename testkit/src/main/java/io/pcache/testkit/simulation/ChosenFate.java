package io.pcache.testkit.simulation;

import io.pcache.testkit.CrashFate;
import io.pcache.testkit.CrashMedia.UnsyncedUnit;
import java.util.List;

/** A crash of which every unit's outcome is chosen: nothing is torn, nothing left to chance. */
final class ChosenFate implements CrashFate {
  private final List<UnsyncedUnit> chosen;
  private final int[] takenBack;
  private final boolean othersKept;

  /**
   * Chooses.
   *
   * @param chosen units whose outcome is given
   * @param takenBack for each how many of its writes are taken back
   * @param othersKept whether all other units keep, or lose, all they had
   */
  ChosenFate(List<UnsyncedUnit> chosen, int[] takenBack, boolean othersKept) {
    this.chosen = chosen;
    this.takenBack = takenBack;
    this.othersKept = othersKept;
  }

  @Override
  public int takenBack(long unit, int writes) {
    for (int i = 0; i < chosen.size(); i++) {
      if (chosen.get(i).unit() == unit) {
        return takenBack[i];
      }
    }
    return othersKept ? 0 : writes;
  }

  @Override
  public boolean tears() {
    return false;
  }

  @Override
  public boolean tearsOff() {
    return false;
  }
}
