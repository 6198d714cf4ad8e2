package io.pcache.cache;

import io.pcache.format.MediaLayout;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Slows writers down before the cache is full, so that there is no cliff: in the last eighth of the
 * segments a write needs credit, and reclaiming gives credit, several bytes for one where there is
 * much room left, byte for byte where there is none. So writers approach the rate of reclaiming,
 * which is the backing device's, and wait in small doses.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class Throttle {
  private static final int ZONE_SHARE = 8;
  private static final int MIN_ZONE_SEGMENTS = 2;
  private static final int EXTRA_CREDIT = 3;

  private final Segments segments;
  private final int zoneSegments;
  private final AtomicLong creditBytes = new AtomicLong(MediaLayout.SEGMENT_BYTES);

  Throttle(Segments segments) {
    this.segments = segments;
    this.zoneSegments = Math.max(MIN_ZONE_SEGMENTS, segments.count() / ZONE_SHARE);
  }

  /** Whether the cache is so full that writes need credit. */
  boolean isActive() {
    return segments.availableForData() < zoneSegments;
  }

  /**
   * Whether a write may go on now. A large one is let in on any credit, and later ones pay for it.
   */
  boolean admits() {
    return !isActive() || creditBytes.get() > 0;
  }

  /** A write was let in and took that much space. */
  void written(long lengthBytes) {
    if (isActive()) {
      creditBytes.addAndGet(-lengthBytes);
    }
  }

  /** Reclaiming has freed that much. */
  void reclaimed(long lengthBytes) {
    long factor = 1 + (long) EXTRA_CREDIT * segments.availableForData() / zoneSegments;
    long cap = zoneSegments * MediaLayout.SEGMENT_BYTES;
    creditBytes.accumulateAndGet(
        lengthBytes * factor, (credit, more) -> Math.min(cap, credit + more));
  }

  /**
   * There is nothing left to reclaim, so nothing to pace by: whoever waits may go on as long as
   * there is room.
   */
  void forgive() {
    creditBytes.updateAndGet(credit -> Math.max(credit, MediaLayout.SEGMENT_BYTES));
  }
}
