package io.pcache.cache.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pcache.cache.segment.Geometry;
import io.pcache.cache.segment.RecoveredSegments;
import io.pcache.cache.segment.Segments;
import io.pcache.format.MediaLayout;
import io.pcache.format.SegmentChain;
import io.pcache.testkit.CrashGrain;
import io.pcache.testkit.CrashMedia;
import io.pcache.testkit.ManualClock;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A cache of two segments, one of which is put aside for the log: it is always nearly full. */
class ThrottleTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long MEBIBYTE = 1 << 20;
  private static final long NANOS_A_MEBIBYTE = MILLI;
  private static final int SEGMENTS = 2;

  /** There is never more credit than that. */
  private static final long MOST_MEBIBYTES = SEGMENTS * MediaLayout.SEGMENT_BYTES / MEBIBYTE;

  private final ManualClock clock = new ManualClock();
  private final CrashMedia media =
      CrashMedia.blank(
          MediaLayout.segmentOffset(SEGMENTS), CrashGrain.SECTOR, new SplittableRandom(1));
  private final Throttle throttle = new Throttle(segments(), clock);

  private Segments segments() {
    SegmentChain chain = SegmentChain.format(media, SEGMENTS);
    Geometry geometry = new Geometry(media, chain, 1L << 32, false);
    return new Segments(geometry, new RecoveredSegments(media, chain));
  }

  /** Reclaiming has given a mebibyte each millisecond, and all of it was used. */
  @BeforeEach
  void goAtTheRateOfReclaiming() {
    useUpCredit();
    for (int i = 0; i < 20; i++) {
      clock.advance(NANOS_A_MEBIBYTE);
      throttle.reclaimed(MEBIBYTE);
    }
    useUpCredit();
  }

  @AfterEach
  void giveMemoryBack() {
    media.discard();
  }

  private void useUpCredit() {
    for (int i = 0; i < MOST_MEBIBYTES && throttle.admits(); i++) {
      throttle.written(MEBIBYTE);
    }
    assertThat(throttle.admits()).isFalse();
  }

  private void giveCredit(int mebibytes) {
    throttle.reclaimed(mebibytes * MEBIBYTE);
  }

  /** Returns how long two writes in a row are held back: the second waits for the first's bytes. */
  private long heldBackNanos() {
    clock.advance(TimeUnit.SECONDS.toNanos(1));
    throttle.holdBack(MEBIBYTE);
    long start = clock.nanoTime();
    throttle.holdBack(MEBIBYTE);
    return clock.nanoTime() - start;
  }

  @Test
  void aWriterIsHeldBackLongerWhereLessCreditIsLeft() {
    giveCredit(2);
    long withLittle = heldBackNanos();
    giveCredit(5);
    long withMore = heldBackNanos();
    assertThat(withMore).isPositive();
    assertThat(withLittle).isGreaterThan(2 * withMore);
  }

  @Test
  void aWriterKeepsTheRateWhereCreditIsAtRest() {
    giveCredit(8);
    assertThat(heldBackNanos()).isCloseTo(NANOS_A_MEBIBYTE, within(NANOS_A_MEBIBYTE / 2));
  }

  @Test
  void nobodyIsHeldBackWhereCreditIsPlenty() {
    giveCredit(20);
    assertThat(heldBackNanos()).isZero();
  }
}
