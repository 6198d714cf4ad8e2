package io.pcache.testkit;

import io.pcache.format.LogAddress;
import java.util.Arrays;
import java.util.List;

/**
 * A status line of dm-pcache.
 *
 * @param superblockFlags as on media
 * @param segNum the superblock's seg_num
 * @param segments n_segs
 * @param segmentsInUse log and data segments that are not free
 * @param gcPercent where reclaiming starts
 * @param cacheInfoFlags as on media
 * @param keyHead where the log ends
 * @param dirtyTail where write-back stands
 * @param keyTail where reclaiming stands
 */
public record DmStatus(
    int superblockFlags,
    int segNum,
    int segments,
    int segmentsInUse,
    int gcPercent,
    int cacheInfoFlags,
    LogAddress keyHead,
    LogAddress dirtyTail,
    LogAddress keyTail) {
  private static final int FIELDS = 9;
  private static final String TARGET = "pcache";

  /**
   * Reads a line, with or without device-mapper's own three words in front ({@code 0 SECTORS
   * pcache}).
   */
  public static DmStatus parse(String line) {
    List<String> words = Arrays.asList(line.strip().split(" "));
    List<String> fields = words.subList(words.indexOf(TARGET) + 1, words.size());
    if (fields.size() != FIELDS) {
      throw new IllegalArgumentException(
          "'" + line + "': " + FIELDS + " fields expected, not " + fields.size());
    }
    return new DmStatus(
        Integer.parseInt(fields.get(0), 16),
        Integer.parseInt(fields.get(1)),
        Integer.parseInt(fields.get(2)),
        Integer.parseInt(fields.get(3)),
        Integer.parseInt(fields.get(4)),
        Integer.parseInt(fields.get(5), 16),
        position(fields.get(6)),
        position(fields.get(7)),
        position(fields.get(8)));
  }

  private static LogAddress position(String text) {
    int colon = text.indexOf(':');
    return new LogAddress(
        Integer.parseInt(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)));
  }
}
