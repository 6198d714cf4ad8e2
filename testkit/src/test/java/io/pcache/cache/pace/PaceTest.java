package io.pcache.cache.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pcache.testkit.ManualClock;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long WRITE_BYTES = 4096;
  private static final long WRITES_A_MILLI = 256;
  private static final long CATCH_UP_NANOS = MILLI / 5;

  private final ManualClock clock = new ManualClock();
  private final Pace pace = new Pace(clock);

  /** So many bytes come free each millisecond. */
  private void freeFor(int millis, long bytesAMilli) {
    for (int i = 0; i < millis; i++) {
      clock.advance(MILLI);
      pace.freed(bytesAMilli);
    }
  }

  /** Returns how long the writes were held back. */
  private long write(long writes, double share) {
    long start = clock.nanoTime();
    for (long i = 0; i < writes; i++) {
      pace.await(WRITE_BYTES, share);
    }
    return clock.nanoTime() - start;
  }

  @Test
  void writersKeepTheRateAtWhichBytesComeFree() {
    freeFor(10, WRITES_A_MILLI * WRITE_BYTES);
    assertThat(write(20 * WRITES_A_MILLI, 1)).isCloseTo(20 * MILLI, within(2 * CATCH_UP_NANOS));
  }

  @Test
  void aShareOfTheTimeIsAShareOfThePause() {
    freeFor(10, WRITES_A_MILLI * WRITE_BYTES);
    assertThat(write(20 * WRITES_A_MILLI, 1.5)).isCloseTo(30 * MILLI, within(2 * CATCH_UP_NANOS));
    assertThat(write(20 * WRITES_A_MILLI, 0)).isZero();
  }

  @Test
  void nobodyWaitsBeforeTheRateIsKnown() {
    assertThat(write(WRITES_A_MILLI, 1)).isZero();
    pace.freed(WRITE_BYTES);
    assertThat(write(WRITES_A_MILLI, 1)).isZero();
  }

  @Test
  void theRateFollowsASlowerDevice() {
    freeFor(10, WRITES_A_MILLI * WRITE_BYTES);
    freeFor(20, WRITES_A_MILLI * WRITE_BYTES / 4);
    assertThat(write(WRITES_A_MILLI, 1)).isCloseTo(4 * MILLI, within(2 * CATCH_UP_NANOS));
  }

  @Test
  void aTimeInWhichNothingWasWaitedForIsNoRate() {
    freeFor(10, WRITES_A_MILLI * WRITE_BYTES);
    clock.advance(TimeUnit.SECONDS.toNanos(10));
    pace.freed(WRITE_BYTES);
    assertThat(write(WRITES_A_MILLI, 1)).isCloseTo(MILLI, within(2 * CATCH_UP_NANOS));
  }

  @Test
  void whoWasSlowerMayCatchUpALittle() {
    freeFor(10, WRITES_A_MILLI * WRITE_BYTES);
    clock.advance(TimeUnit.SECONDS.toNanos(1));
    long catchUpWrites = WRITES_A_MILLI / 5;
    assertThat(write(catchUpWrites, 1)).isZero();
    assertThat(write(WRITES_A_MILLI, 1)).isCloseTo(MILLI, within(CATCH_UP_NANOS / 10));
  }

  @Test
  void noWriterIsHeldBackForLong() {
    freeFor(200, WRITE_BYTES);
    pace.await(1 << 30, 1);
    assertThat(write(1, 1)).isPositive().isLessThanOrEqualTo(5 * MILLI);
  }
}
