package io.pcache.testkit.simulation;

import io.pcache.testkit.SectorContent;
import java.util.Arrays;

/**
 * The first oracle: every version that each content sector was given, and which of them a read, or
 * a crash, may bring. Versions count up over all writes; a negative one stands for zeroes, 0 for
 * the zeroes of the beginning. Writes of one sector are of one client at a time, and carried out in
 * order.
 *
 * <p>Thread-safety: none.
 */
final class Ledger {
  /** Stands for the content of a sector that could not be read. */
  static final int UNREADABLE = Integer.MIN_VALUE;

  private static final int NONE = Integer.MIN_VALUE;

  private final int[][] versions;
  private final int[] counts;
  private final int[] floor;
  private final int[] durable;
  private int newest;

  Ledger() {
    versions = new int[ContentMap.SECTORS][4];
    counts = new int[ContentMap.SECTORS];
    Arrays.fill(counts, 1);
    floor = new int[ContentMap.SECTORS];
    durable = new int[ContentMap.SECTORS];
  }

  private Ledger(Ledger other) {
    versions = new int[ContentMap.SECTORS][];
    for (int i = 0; i < versions.length; i++) {
      versions[i] = other.versions[i].clone();
    }
    counts = other.counts.clone();
    floor = other.floor.clone();
    durable = other.durable.clone();
    newest = other.newest;
  }

  Ledger copy() {
    return new Ledger(this);
  }

  /** The id of the content that a version has. */
  static int contentId(int version) {
    return version < 0 ? SectorContent.ZERO_ID : version;
  }

  /** The version after the newest. */
  int nextVersion() {
    return ++newest;
  }

  /** A write is submitted. */
  void submitted(int first, int count, int version) {
    for (int i = first; i < first + count; i++) {
      if (counts[i] == versions[i].length) {
        versions[i] = Arrays.copyOf(versions[i], 2 * counts[i]);
      }
      versions[i][counts[i]++] = version;
    }
  }

  /** A write is acknowledged: reads see nothing older. */
  void acknowledged(int first, int count, int version) {
    raise(floor, first, count, version);
  }

  /** A write is durable: nothing older comes back. */
  void madeDurable(int first, int count, int version) {
    raise(durable, first, count, version);
  }

  private static void raise(int[] bounds, int first, int count, int version) {
    for (int i = first; i < first + count; i++) {
      bounds[i] = Math.max(bounds[i], Math.abs(version));
    }
  }

  /** What has been acknowledged so far, for a flush or a read that is submitted now. */
  int[] floors() {
    return floor.clone();
  }

  /** A flush has completed that was submitted when the floors were these. */
  void flushed(int[] floors) {
    for (int i = 0; i < durable.length; i++) {
      durable[i] = Math.max(durable[i], floors[i]);
    }
  }

  /** Everything acknowledged has been made durable. */
  void closed() {
    flushed(floor);
  }

  /** Checks what a read brought for one sector that was submitted when its floor was this. */
  void checkRead(int number, int id, int itsFloor) {
    int version = findOldest(number, id, itsFloor);
    if (version == NONE) {
      throw wrong("a read", number, id, "not older than version " + itsFloor);
    }
    floor[number] = Math.max(floor[number], Math.abs(version));
  }

  /** Which versions all sectors have after a power cut; changes nothing. */
  int[] checkRecovered(int[] ids) {
    return checkRecovered(ids, durable, "which was made durable");
  }

  /** Which versions all sectors have after the process was killed; changes nothing. */
  int[] checkSurvived(int[] ids) {
    return checkRecovered(ids, floor, "which was acknowledged before the process was killed");
  }

  private int[] checkRecovered(int[] ids, int[] from, String why) {
    int[] found = new int[ids.length];
    for (int i = 0; i < found.length; i++) {
      found[i] = find(i, ids[i], from[i]);
      if (found[i] == NONE) {
        throw wrong("recovery", i, ids[i], "version " + from[i] + ", " + why + ", or newer");
      }
    }
    return found;
  }

  /** Checks what could be read of a damaged device; the rest is {@link #UNREADABLE}. */
  void checkReadable(int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] != UNREADABLE && find(i, ids[i], durable[i]) == NONE) {
        throw wrong(
            "a damaged device", i, ids[i], "an error, or version " + durable[i] + " or newer");
      }
    }
  }

  /** Takes what was recovered as what is: nothing newer comes back. */
  void adopt(int[] found) {
    for (int i = 0; i < found.length; i++) {
      while (Math.abs(versions[i][counts[i] - 1]) > Math.abs(found[i])) {
        counts[i]--;
      }
      floor[i] = Math.abs(found[i]);
      durable[i] = floor[i];
    }
  }

  private int find(int number, int id, int from) {
    int[] list = versions[number];
    for (int i = counts[number] - 1; i >= 0 && Math.abs(list[i]) >= from; i--) {
      if (contentId(list[i]) == id) {
        return list[i];
      }
    }
    return NONE;
  }

  /** Zeroes may be of several versions: a read proves no more than the oldest that it can be. */
  private int findOldest(int number, int id, int from) {
    int[] list = versions[number];
    for (int i = 0; i < counts[number]; i++) {
      if (Math.abs(list[i]) >= from && contentId(list[i]) == id) {
        return list[i];
      }
    }
    return NONE;
  }

  private BrokenPromise wrong(String who, int number, int id, String expected) {
    String found = id == SectorContent.FOREIGN ? "bytes that nobody wrote there" : "content " + id;
    return new BrokenPromise(
        "%s brought %s for sector %d; %s expected, one of %s"
            .formatted(
                who,
                found,
                ContentMap.deviceSector(number),
                expected,
                Arrays.toString(Arrays.copyOf(versions[number], counts[number]))));
  }
}
