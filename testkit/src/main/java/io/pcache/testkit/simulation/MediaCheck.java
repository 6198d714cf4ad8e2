package io.pcache.testkit.simulation;

import io.pcache.block.BlockDevice;
import io.pcache.cache.CacheSnapshot;
import io.pcache.format.LogAddress;
import io.pcache.testkit.LogImage;
import io.pcache.testkit.SectorContent;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The full check of a cache device after recovery: its tails, log and generations, walked by {@link
 * LogImage}, against what was ever committed, what the engine made of it, and what the engine
 * reads.
 *
 * <p>Thread-safety: none; used again and again for one device.
 */
final class MediaCheck {
  private static final int LEN_BITS = 16;
  private static final int OFF_BITS = 16;
  private static final int MASK = (1 << 16) - 1;
  private static final int MISSING = -1;

  private final LogImage image;
  private final MemorySegment media;
  private final BitSet logSegments = new BitSet();
  private final BitSet dataSegments = new BitSet();
  private final int[] segmentOf = new int[ContentMap.SECTORS];
  private final int[] offsetOf = new int[ContentMap.SECTORS];
  private long[] ranges = new long[256];
  private int rangeCount;
  private boolean metDirtyTail;

  MediaCheck(LogImage image, MemorySegment media) {
    this.image = image;
    this.media = media;
  }

  /**
   * Checks log, tails and segments.
   *
   * @param history what was committed; may be more than is left
   * @param now what the engine says right after recovery
   * @return how many key sets the log has
   */
  int checkLog(LogHistory history, CacheSnapshot now) {
    clear();
    LogAddress keyTail = image.keyTail().orElseThrow(() -> new BrokenPromise("no key_tail"));
    LogAddress dirtyTail = image.dirtyTail().orElseThrow(() -> new BrokenPromise("no dirty_tail"));
    int keySet = history.indexOf(keyTail);
    expect(keySet >= 0, "key_tail " + keyTail + " is not where a key set began");
    LogAddress at = keyTail;
    while (image.read(at)) {
      expect(
          keySet < history.size() && history.start(keySet).equals(at),
          "a key set at " + at + " that was never committed");
      takeKeySet(at, dirtyTail);
      at = image.after(at);
      keySet++;
    }
    logSegments.set(at.cacheSegId());
    metDirtyTail |= at.equals(dirtyTail);
    expect(metDirtyTail, "the log from " + keyTail + " to " + at + " without " + dirtyTail);
    expect(at.equals(now.keyHead()), "the log ends at " + at + ", not at " + now.keyHead());
    expect(keyTail.equals(now.keyTail()), "key_tail is " + keyTail + ", not " + now.keyTail());
    checkSegments(now);
    return keySet;
  }

  private void clear() {
    logSegments.clear();
    dataSegments.clear();
    Arrays.fill(segmentOf, MISSING);
    rangeCount = 0;
    metDirtyTail = false;
  }

  private static void expect(boolean holds, String otherwise) {
    if (!holds) {
      throw new BrokenPromise("media check: " + otherwise);
    }
  }

  private void takeKeySet(LogAddress at, LogAddress dirtyTail) {
    metDirtyTail |= at.equals(dirtyTail);
    logSegments.set(at.cacheSegId());
    for (int i = 0; i < image.keys(); i++) {
      int segment = image.segment(i);
      boolean stale = image.segmentGeneration(i) < image.generation(segment);
      if (!stale) {
        dataSegments.set(segment);
        addRange(
            segment,
            image.segmentOffset(i) / BlockDevice.SECTOR_BYTES,
            image.len(i) / BlockDevice.SECTOR_BYTES);
      }
      point(image.off(i), image.len(i), stale ? MISSING : segment, image.segmentOffset(i));
    }
  }

  private void addRange(int segment, int offSectors, int lenSectors) {
    if (rangeCount == ranges.length) {
      ranges = Arrays.copyOf(ranges, 2 * rangeCount);
    }
    ranges[rangeCount++] =
        (long) segment << (OFF_BITS + LEN_BITS) | (long) offSectors << LEN_BITS | lenSectors;
  }

  private void point(long off, int len, int segment, int segmentOffset) {
    if (off >= ContentMap.FILLER_OFFSET) {
      return;
    }
    for (int done = 0; done < len; done += BlockDevice.SECTOR_BYTES) {
      int number = ContentMap.number((off + done) / BlockDevice.SECTOR_BYTES);
      if (number >= 0) {
        segmentOf[number] = segment;
        offsetOf[number] = segmentOffset + done;
      }
    }
  }

  /**
   * No byte belongs to two keys, none of a data segment to the log, and the engine counts right.
   */
  private void checkSegments(CacheSnapshot now) {
    expect(!logSegments.intersects(dataSegments), "keys name the log's segments " + logSegments);
    Arrays.sort(ranges, 0, rangeCount);
    for (int i = 1; i < rangeCount; i++) {
      long before = ranges[i - 1];
      long end = (before >>> LEN_BITS) + (before & MASK);
      boolean disjoint = ranges[i] >>> LEN_BITS >= end;
      expect(disjoint, "two keys share bytes of segment " + (before >>> (OFF_BITS + LEN_BITS)));
    }
    int inUse = logSegments.cardinality() + dataSegments.cardinality();
    expect(
        now.segmentsInUse() == inUse,
        "%d segments in use by the engine's count, log %s and data %s by the device"
            .formatted(now.segmentsInUse(), logSegments, dataSegments));
  }

  /** The ids of all content sectors by the log that was checked last. */
  int[] content(MemorySegment backing) {
    int[] ids = new int[ContentMap.SECTORS];
    for (int i = 0; i < ids.length; i++) {
      boolean missing = segmentOf[i] == MISSING;
      long at = missing ? ContentMap.offsetBytes(i) : dataOffset(i);
      ids[i] = SectorContent.idAt(missing ? backing : media, at, ContentMap.deviceSector(i));
    }
    return ids;
  }

  private long dataOffset(int number) {
    return LogImage.dataOffset(segmentOf[number], offsetOf[number]);
  }
}
