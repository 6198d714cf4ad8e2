package io.pcache.cache;

import io.pcache.format.MediaLayout;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Slows writers down before the cache is full, so that there is no cliff: in the last eighth of the
 * segments a write needs credit, and reclaiming gives credit, almost two bytes for one where that
 * eighth is still free, one for one where half of it is, and hardly any where nothing is. So
 * writers come to rest at the rate of reclaiming, which is the backing device's, with half of the
 * zone free; and as segments become free sixteen MiB at a time, it is that half that lets writers
 * go on in small steps meanwhile.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class Throttle {
  private static final int ZONE_SHARE = 8;
  private static final int MIN_ZONE_SEGMENTS = 2;

  /** Credit goes by quarters: at least one for each byte, so that it never dries up for good. */
  private static final int QUARTERS = 4;

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
    long quarters = Math.max(1, 2L * QUARTERS * segments.availableForData() / zoneSegments);
    long cap = zoneSegments * MediaLayout.SEGMENT_BYTES;
    creditBytes.accumulateAndGet(
        lengthBytes * quarters / QUARTERS, (credit, more) -> Math.min(cap, credit + more));
  }

  /**
   * There is nothing left to reclaim, so nothing to pace by: whoever waits may go on as long as
   * there is room.
   */
  void forgive() {
    creditBytes.updateAndGet(credit -> Math.max(credit, MediaLayout.SEGMENT_BYTES));
  }
}
