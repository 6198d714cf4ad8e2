package io.pcache.cache.pace;

import io.pcache.agent.Clock;
import io.pcache.cache.segment.Segments;
import io.pcache.format.MediaLayout;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Slows writers down before the cache is full, so that they do not stop suddenly. It is a token
 * bucket. In the last eighth of the segments a write needs credit, and reclaiming adds credit. A
 * reclaimed byte adds almost two bytes of credit if all of that eighth is free. It adds one byte if
 * half of it is free, and a quarter of a byte if almost none is.
 *
 * <p>So writers settle at the rate of reclaiming, which is the backing device's, with half of the
 * zone free. Segments become free 16 MiB at a time. The free half lets writers proceed in small
 * steps meanwhile. Writers that may block are paced at the rate of credit, so that they do not run
 * out of it.
 *
 * <p>Thread-safety: all methods from any thread.
 */
public final class Throttle {
  private static final int ZONE_SHARE = 8;
  private static final int MIN_ZONE_SEGMENTS = 2;

  /** Credit that is left while writers keep the pace. It exceeds what one reclaim adds. */
  private static final double RESTING_CREDIT_BYTES = MediaLayout.SEGMENT_BYTES / 2.0;

  private static final double LEAST_PART = 1.0 / 16;

  /**
   * Credit is added in quarters of a byte. Each reclaimed byte adds at least one quarter, so that
   * credit never dries up for good.
   */
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
   * Whether a write may proceed now. Any credit admits a large write, and later writes pay for it.
   */
  public boolean admits() {
    return !isActive() || creditBytes.get() > 0;
  }

  /**
   * Delays a writer that may block, so that it does not run out of credit. At the resting credit of
   * 8 MiB it waits as long as its bytes take to become free. With less credit it waits longer. With
   * twice as much it does not wait, so a rate from a time of few writes slows nobody.
   */
  public void holdBack(long lengthBytes) {
    if (isActive()) {
      double part = creditBytes.get() / RESTING_CREDIT_BYTES;
      double share = part < 1 ? 1 / Math.max(LEAST_PART, part) : Math.max(0, 2 - part);
      pace.await(lengthBytes, share);
    }
  }

  /** Deducts the space of an admitted write from the credit. */
  public void written(long lengthBytes) {
    if (isActive()) {
      creditBytes.addAndGet(-lengthBytes);
    }
  }

  /** Adds credit for bytes that reclaiming has freed. */
  public void reclaimed(long lengthBytes) {
    long quarters = Math.max(1, 2L * QUARTERS * segments.availableForData() / zoneSegments);
    long cap = zoneSegments * MediaLayout.SEGMENT_BYTES;
    long given = lengthBytes * quarters / QUARTERS;
    creditBytes.accumulateAndGet(given, (credit, more) -> Math.min(cap, credit + more));
    pace.freed(given);
  }

  /**
   * Refills the credit if nothing is left to reclaim and so nothing to pace by. Waiting writes may
   * then proceed as long as there is room.
   *
   * @return whether the credit had been used up
   */
  public boolean refill() {
    long before = creditBytes.getAndUpdate(credit -> Math.max(credit, MediaLayout.SEGMENT_BYTES));
    return before <= 0;
  }
}
