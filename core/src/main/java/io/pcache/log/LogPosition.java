package io.pcache.log;

import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;

/**
 * A place in the log of an open cache, in its order. Walks and {@link LogWriter} make the next one
 * from the one before, so positions that go back to one first position can be compared.
 *
 * <pre>
 *   segment of the log     0                 1                 2
 *                          ├────────┬────────┼─────────────────┼───
 *   sequenceBytes          0        │        16 MiB            32 MiB
 *                                   └ key_tail, when the cache was opened
 * </pre>
 *
 * @param sequenceBytes how many bytes of the data areas of the log's segments lie before it, from
 *     the segment on where key_tail was when the cache was opened; so what a segment has left at
 *     its end counts too
 * @param address where it is on the media
 */
public record LogPosition(long sequenceBytes, LogAddress address)
    implements Comparable<LogPosition> {

  /** The position that others are made from. */
  public static LogPosition first(LogAddress address) {
    return new LogPosition(address.segOffsetBytes(), address);
  }

  /**
   * A later position in the same segment.
   *
   * @param segOffsetBytes offset in the segment's data area
   */
  public LogPosition at(int segOffsetBytes) {
    long more = (long) segOffsetBytes - address.segOffsetBytes();
    return new LogPosition(
        sequenceBytes + more, new LogAddress(address.cacheSegId(), segOffsetBytes));
  }

  /**
   * Where the log goes on behind this position's segment.
   *
   * @param cacheSegId the next segment
   */
  public LogPosition startOfNext(int cacheSegId) {
    return new LogPosition(
        (segmentNumber() + 1) * MediaLayout.DATA_AREA_BYTES, new LogAddress(cacheSegId, 0));
  }

  private long segmentNumber() {
    return sequenceBytes / MediaLayout.DATA_AREA_BYTES;
  }

  /** The segment, as {@link LogAddress#cacheSegId}. */
  public int cacheSegId() {
    return address.cacheSegId();
  }

  /** The offset in the segment's data area, as {@link LogAddress#segOffsetBytes}. */
  public int segOffsetBytes() {
    return address.segOffsetBytes();
  }

  /** Whether it lies before another position. */
  public boolean isBefore(LogPosition other) {
    return sequenceBytes < other.sequenceBytes;
  }

  /** Whether it lies in the same segment of the log as another position. */
  public boolean isInSegmentOf(LogPosition other) {
    return segmentNumber() == other.segmentNumber();
  }

  /** The earlier one of two positions. */
  public static LogPosition earlier(LogPosition a, LogPosition b) {
    return b.isBefore(a) ? b : a;
  }

  @Override
  public int compareTo(LogPosition other) {
    return Long.compare(sequenceBytes, other.sequenceBytes);
  }

  /** The address. */
  @Override
  public String toString() {
    return address.toString();
  }
}
