package io.pcache.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyHistogramTest {
  private final LatencyHistogram histogram = new LatencyHistogram();

  @Test
  void whereNothingWasCountedEverythingIsZero() {
    assertThat(histogram.count()).isZero();
    assertThat(histogram.maxNanos()).isZero();
    assertThat(histogram.percentileNanos(50)).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 31, 32, 33, 63, 64, 1000, 123_456_789, Long.MAX_VALUE})
  void aSingleTimeIsEveryPercentile(long nanos) {
    histogram.record(nanos);

    assertThat(histogram.percentileNanos(1)).isEqualTo(nanos);
    assertThat(histogram.percentileNanos(100)).isEqualTo(nanos);
    assertThat(histogram.maxNanos()).isEqualTo(nanos);
  }

  @Test
  void percentilesAreAtMostThreeInAHundredTooHigh() {
    for (long nanos = 1; nanos <= 1_000_000; nanos++) {
      histogram.record(nanos);
    }

    for (int percent = 1; percent <= 100; percent++) {
      long exact = percent * 10_000L;
      assertThat(histogram.percentileNanos(percent))
          .isGreaterThanOrEqualTo(exact)
          .isCloseTo(exact, Percentage.withPercentage(3.2));
    }
  }

  @Test
  void addedUpTimesCountOnceEach() {
    LatencyHistogram other = new LatencyHistogram();
    histogram.record(10);
    other.record(20);
    other.record(30);

    histogram.add(other);

    assertThat(histogram.count()).isEqualTo(3);
    assertThat(histogram.percentileNanos(50)).isCloseTo(20, within(0L));
    assertThat(histogram.maxNanos()).isEqualTo(30);
  }
}
