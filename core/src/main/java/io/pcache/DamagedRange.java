package io.pcache;

import io.pcache.format.BadExtentList;
import java.util.List;

/**
 * A range of the device that was set aside. Its newest data was damaged in the cache before it
 * could be written back. Reads of it fail until it is written again.
 *
 * @param offsetBytes start, a multiple of 512
 * @param lengthBytes length, a multiple of 512 above 0
 */
public record DamagedRange(long offsetBytes, long lengthBytes) {
  /** The ranges that a cache lists. */
  static List<DamagedRange> of(List<BadExtentList.Range> listed) {
    return listed.stream()
        .map(range -> new DamagedRange(range.offsetBytes(), range.lengthBytes()))
        .toList();
  }

  @Override
  public String toString() {
    return lengthBytes + " bytes at byte " + offsetBytes;
  }
}
