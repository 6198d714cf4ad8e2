package io.pcache.testkit;

/**
 * What a crash does to each unit, that is cache line, sector or page, that was written since the
 * last sync.
 */
public interface CrashFate {
  /**
   * How many of a unit's writes are taken back, the newest first.
   *
   * @param unit its number on the device
   * @param writes how many there were since the last sync, at least 1
   * @return 0 to {@code writes}
   */
  int takenBack(long unit, int writes);

  /** Whether the oldest write that is taken back from a unit is taken back only in part. */
  boolean tears();

  /** Whether a part of a unit that is torn is taken back. */
  boolean tearsOff();
}
