package io.pcache.log;

import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;

/**
 * A position in the log of an open cache, ordered as the log is. Walks and {@link LogWriter} derive
 * each position from the one before. Positions are comparable if they derive from the same first
 * position.
 *
 * <pre>
 *   segment of the log     0                 1                 2
 *                          ├────────┬────────┼─────────────────┼───
 *   sequenceBytes          0        │        16,764,928        33,529,856
 *                                   └ key_tail, when the cache was opened
 * </pre>
 *
 * @param sequenceBytes data-area bytes of log segments before it, from the segment that held
 *     key_tail at open; unused segment ends count too
 * @param address its place on the media
 */
public record LogPosition(long sequenceBytes, LogAddress address)
    implements Comparable<LogPosition> {

  /** Creates the first position, from which others are derived. */
  public static LogPosition first(LogAddress address) {
    return new LogPosition(address.segOffsetBytes(), address);
  }

  /**
   * Returns a later position in the same segment.
   *
   * @param segOffsetBytes offset in the segment's data area
   */
  public LogPosition at(int segOffsetBytes) {
    long more = (long) segOffsetBytes - address.segOffsetBytes();
    return new LogPosition(
        sequenceBytes + more, new LogAddress(address.cacheSegId(), segOffsetBytes));
  }

  /**
   * Returns the start of the log's next segment.
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

  /** Returns the segment, as {@link LogAddress#cacheSegId} does. */
  public int cacheSegId() {
    return address.cacheSegId();
  }

  /** Returns the offset in the segment's data area, as {@link LogAddress#segOffsetBytes} does. */
  public int segOffsetBytes() {
    return address.segOffsetBytes();
  }

  /** Returns whether this position lies before another. */
  public boolean isBefore(LogPosition other) {
    return sequenceBytes < other.sequenceBytes;
  }

  /** Returns whether this position lies in the same segment of the log as another. */
  public boolean isInSegmentOf(LogPosition other) {
    return segmentNumber() == other.segmentNumber();
  }

  /** Returns the earlier of two positions. */
  public static LogPosition earlier(LogPosition a, LogPosition b) {
    return b.isBefore(a) ? b : a;
  }

  @Override
  public int compareTo(LogPosition other) {
    return Long.compare(sequenceBytes, other.sequenceBytes);
  }

  /** Returns the address as text. */
  @Override
  public String toString() {
    return address.toString();
  }
}
