package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import io.pcache.cache.segment.Segments;
import io.pcache.format.MediaLayout;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Slows writers down before the cache is full, so that there is no cliff: in the last eighth of the
 * segments a write needs credit, and reclaiming gives credit, almost two bytes for one where that
 * eighth is still free, one for one where half of it is, and hardly any where nothing is. So
 * writers come to rest at the rate of reclaiming, which is the backing device's, with half of the
 * zone free; and as segments become free sixteen MiB at a time, it is that half that lets writers
 * go on in small steps meanwhile. Writers that may be made to wait on their own threads keep the
 * pace at which credit is given, and so come to no point where there is none.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class Throttle {
  private static final int ZONE_SHARE = 8;
  private static final int MIN_ZONE_SEGMENTS = 2;

  /** How much credit is left while writers keep the pace: more than comes at a time. */
  private static final double RESTING_CREDIT_BYTES = MediaLayout.SEGMENT_BYTES / 2.0;

  private static final double LEAST_PART = 1.0 / 16;

  /** Credit goes by quarters: at least one for each byte, so that it never dries up for good. */
  private static final int QUARTERS = 4;

  private final Segments segments;
  private final Pace pace;
  private final int zoneSegments;
  private final AtomicLong creditBytes = new AtomicLong(MediaLayout.SEGMENT_BYTES);

  public Throttle(Segments segments, Clock clock) {
    this.segments = segments;
    this.pace = new Pace(clock);
    this.zoneSegments = Math.max(MIN_ZONE_SEGMENTS, segments.count() / ZONE_SHARE);
  }

  /** Whether the cache is so full that writes need credit. */
  public boolean isActive() {
    return segments.availableForData() < zoneSegments;
  }

  /**
   * Whether a write may go on now. A large one is let in on any credit, and later ones pay for it.
   */
  public boolean admits() {
    return !isActive() || creditBytes.get() > 0;
  }

  /**
   * Holds a writer back that may be made to wait, so that it comes to no point where it has to: as
   * long as its bytes take to come free where credit is at rest, longer where there is less. Where
   * there is twice as much, not at all: a rate from a time when little was written slows nobody
   * down.
   */
  public void holdBack(long lengthBytes) {
    if (isActive()) {
      double part = creditBytes.get() / RESTING_CREDIT_BYTES;
      double share = part < 1 ? 1 / Math.max(LEAST_PART, part) : Math.max(0, 2 - part);
      pace.await(lengthBytes, share);
    }
  }

  /** A write was let in and took that much space. */
  public void written(long lengthBytes) {
    if (isActive()) {
      creditBytes.addAndGet(-lengthBytes);
    }
  }

  /** Reclaiming has freed that much. */
  public void reclaimed(long lengthBytes) {
    long quarters = Math.max(1, 2L * QUARTERS * segments.availableForData() / zoneSegments);
    long cap = zoneSegments * MediaLayout.SEGMENT_BYTES;
    long given = lengthBytes * quarters / QUARTERS;
    creditBytes.accumulateAndGet(given, (credit, more) -> Math.min(cap, credit + more));
    pace.freed(given);
  }

  /**
   * There is nothing left to reclaim, so nothing to pace by: whoever waits may go on as long as
   * there is room.
   *
   * @return whether anybody had to wait for that
   */
  public boolean refill() {
    long before = creditBytes.getAndUpdate(credit -> Math.max(credit, MediaLayout.SEGMENT_BYTES));
    return before <= 0;
  }
}
