package io.pcache.testkit;

import io.pcache.block.BlockDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Every version that a range of sectors was given, in order, and which of them a read, or a crash,
 * may bring. Versions count up over all writes; a negative one stands for zeroes, 0 for the zeroes
 * of the beginning. Writes are submitted by one thread and carried out in order.
 *
 * <p>Thread-safety: none.
 */
public final class SectorLedger {
  private static final int NONE = Integer.MIN_VALUE;

  private final int firstSector;
  private final List<VersionList> versions = new ArrayList<>();
  private final int[] floor;
  private final int[] durable;
  private List<Integer> keySetEnds = new ArrayList<>(List.of(0));
  private int newest;

  /** The versions of one sector, oldest first. */
  private static final class VersionList {
    private int[] list = new int[4];
    private int count = 1;

    void add(int version) {
      if (count == list.length) {
        list = Arrays.copyOf(list, 2 * count);
      }
      list[count++] = version;
    }

    /** The newest version from {@code from} on that has a content. */
    int find(int contentId, int from) {
      for (int i = count - 1; i >= 0 && Math.abs(list[i]) >= from; i--) {
        if (SectorVersions.contentId(list[i]) == contentId) {
          return list[i];
        }
      }
      return NONE;
    }

    /** The newest version up to {@code to}, as its absolute value. */
    int newestUpTo(int to) {
      int i = count - 1;
      while (Math.abs(list[i]) > to) {
        i--;
      }
      return Math.abs(list[i]);
    }

    void forgetAfter(int version) {
      while (Math.abs(list[count - 1]) > Math.abs(version)) {
        count--;
      }
    }

    @Override
    public String toString() {
      return Arrays.toString(Arrays.copyOf(list, count));
    }
  }

  /** A range of sectors that are all zeroes. */
  public SectorLedger(int firstSector, int count) {
    this.firstSector = firstSector;
    for (int i = 0; i < count; i++) {
      versions.add(new VersionList());
    }
    floor = new int[count];
    durable = new int[count];
  }

  /** The number of the first sector. */
  public int firstSector() {
    return firstSector;
  }

  /** How many sectors there are. */
  public int count() {
    return versions.size();
  }

  /** The version after the newest. */
  public int nextVersion() {
    return ++newest;
  }

  /** A write is submitted. */
  public void submitted(int first, int count, int version) {
    for (int i = first - firstSector; i < first - firstSector + count; i++) {
      versions.get(i).add(version);
    }
  }

  /** A write is acknowledged: reads see nothing older. */
  public void acknowledged(int first, int count, int version) {
    raise(floor, first, count, version);
  }

  /** A write is durable: nothing older comes back. */
  public void madeDurable(int first, int count, int version) {
    raise(durable, first, count, version);
  }

  private void raise(int[] bounds, int first, int count, int version) {
    for (int i = first - firstSector; i < first - firstSector + count; i++) {
      bounds[i] = Math.max(bounds[i], Math.abs(version));
    }
  }

  /** What has been acknowledged so far, for a flush or a read that is submitted now. */
  public int[] floors() {
    return floor.clone();
  }

  /** A flush has completed that was submitted when the floors were these. */
  public void flushed(int[] floors) {
    for (int i = 0; i < durable.length; i++) {
      durable[i] = Math.max(durable[i], floors[i]);
    }
  }

  /** The log holds every version there is, and a key set ends here. */
  void keySetEnds() {
    if (keySetEnds.getLast() != newest) {
      keySetEnds.add(newest);
    }
  }

  /** Checks what a read brought that was submitted when the floors were these. */
  void checkRead(MemorySegment read, int first, int[] floors) {
    int count = (int) (read.byteSize() / BlockDevice.SECTOR_BYTES);
    for (int i = 0; i < count; i++) {
      int at = first - firstSector + i;
      int version = Math.abs(versionIn(read, i, at, floors[at]));
      floor[at] = Math.max(floor[at], version);
    }
  }

  private int versionIn(MemorySegment bytes, int sectorInBytes, int at, int from) {
    int sector = firstSector + at;
    int id = SectorContent.idAt(bytes, (long) sectorInBytes * BlockDevice.SECTOR_BYTES, sector);
    int version = versions.get(at).find(id, from);
    if (version == NONE) {
      throw new ModelMismatch(sector, id, "one of " + versions.get(at) + " not older than " + from);
    }
    return version;
  }

  /**
   * Checks what all sectors read after a crash; from now on they have these versions and no newer.
   */
  public void checkRecovered(MemorySegment read) {
    int newestFound = 0;
    for (int i = 0; i < durable.length; i++) {
      int version = versionIn(read, i, i, durable[i]);
      versions.get(i).forgetAfter(version);
      floor[i] = Math.abs(version);
      durable[i] = floor[i];
      newestFound = Math.max(newestFound, durable[i]);
    }
    int end = newestFound;
    keySetEnds.removeIf(version -> version > end);
    keySetEnds.add(end);
  }

  /**
   * Checks that sectors equal a past state of the log with at most one key set applied in part.
   *
   * @param sectors the bytes of all of them
   */
  void checkPastState(MemorySegment sectors) {
    int[] found = new int[durable.length];
    int newestFound = 0;
    for (int i = 0; i < found.length; i++) {
      found[i] = Math.abs(versionIn(sectors, i, i, 0));
      newestFound = Math.max(newestFound, found[i]);
    }
    int before = keySetEndBefore(newestFound);
    for (int i = 0; i < found.length; i++) {
      int expected = versions.get(i).newestUpTo(before);
      if (found[i] < expected) {
        throw new ModelMismatch(
            firstSector + i,
            found[i],
            "not older than %d, as other sectors have versions up to %d,"
                .formatted(expected, newestFound));
      }
    }
  }

  private int keySetEndBefore(int version) {
    int before = 0;
    for (int end : keySetEnds) {
      if (end < version) {
        before = end;
      }
    }
    return before;
  }
}
