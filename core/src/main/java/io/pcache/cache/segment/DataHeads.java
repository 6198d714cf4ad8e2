package io.pcache.cache.segment;

import io.pcache.agent.Wakeup;
import io.pcache.block.BlockDevice;
import io.pcache.format.MediaLayout;

/**
 * Hands out ranges of data segments. There are a few heads, and each fills a segment of its own
 * from start to end. A thread prefers one head, so that threads do not contend.
 *
 * <p>Each range handed out counts as one reference on its segment. The reclaimer drops it with the
 * range's key. If no key is made, the owner of the range drops it.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class DataHeads {
  /** Returned by {@link #reserve} if the cache is full. */
  public static final long FULL = -1;

  private static final int SEGMENT_SHIFT = 32;
  private static final int OFFSET_SHIFT = 16;
  private static final int SECTORS_MASK = (1 << 16) - 1;

  private final Segments segments;
  private final Wakeup reclaimerWakeup;
  private final Head[] heads;

  /**
   * Creates the heads; none has a segment yet.
   *
   * @param count a power of two
   * @param reclaimerWakeup woken when a head took or wanted another segment
   */
  public DataHeads(Segments segments, int count, Wakeup reclaimerWakeup) {
    this.segments = segments;
    this.reclaimerWakeup = reclaimerWakeup;
    this.heads = new Head[count];
    for (int i = 0; i < count; i++) {
      heads[i] = new Head();
    }
  }

  /**
   * Hands out the next range of this thread's head, or of another head if no segment is free.
   *
   * @param lengthBytes wanted length, a multiple of 512 above 0; the range is shorter if the
   *     segment has less left
   * @return the range, to be unpacked by {@link #segment}, {@link #offsetBytes} and {@link
   *     #lengthBytes}, or {@link #FULL}
   */
  public long reserve(int lengthBytes) {
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < heads.length; i++) {
      long range = heads[(first + i) & (heads.length - 1)].reserve(lengthBytes);
      if (range != FULL) {
        return range;
      }
    }
    return FULL;
  }

  public static int segment(long range) {
    return (int) (range >>> SEGMENT_SHIFT);
  }

  public static int offsetBytes(long range) {
    return ((int) range >>> OFFSET_SHIFT) * BlockDevice.SECTOR_BYTES;
  }

  public static int lengthBytes(long range) {
    return ((int) range & SECTORS_MASK) * BlockDevice.SECTOR_BYTES;
  }

  private static long pack(int segment, int offsetBytes, int lengthBytes) {
    long offsetSectors = offsetBytes / BlockDevice.SECTOR_BYTES;
    long lengthSectors = lengthBytes / BlockDevice.SECTOR_BYTES;
    return ((long) segment << SEGMENT_SHIFT) | (offsetSectors << OFFSET_SHIFT) | lengthSectors;
  }

  /** One head and the segment that it fills. */
  private final class Head {
    private int segment = Segments.NONE;
    private int nextOffsetBytes;
    private int ranges;

    synchronized long reserve(int wantedBytes) {
      if (segment != Segments.NONE && nextOffsetBytes == MediaLayout.DATA_AREA_BYTES) {
        release();
      }
      if (segment == Segments.NONE) {
        segment = segments.takeForData();
        // This may have reached gc_percent, or taken the segment that the log needed in reserve.
        reclaimerWakeup.wake();
        nextOffsetBytes = 0;
        ranges = 0;
      }
      if (segment == Segments.NONE) {
        return FULL;
      }
      int lengthBytes = Math.min(wantedBytes, MediaLayout.DATA_AREA_BYTES - nextOffsetBytes);
      long range = pack(segment, nextOffsetBytes, lengthBytes);
      nextOffsetBytes += lengthBytes;
      ranges++;
      return range;
    }

    synchronized void release() {
      if (segment != Segments.NONE) {
        segments.releaseHead(segment, ranges);
        segment = Segments.NONE;
      }
    }
  }
}
