package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TransferRateTest {
  private static final long MEBIBYTE = 1 << 20;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final TransferRate rate = new TransferRate(nanos::get);

  private String after(long seconds, long leftMebibytes) {
    nanos.set(Long.MAX_VALUE - 5 + TimeUnit.SECONDS.toNanos(seconds));
    return rate.describe(leftMebibytes * MEBIBYTE, 1000 * MEBIBYTE);
  }

  @Test
  void theRateIsThatSinceTheBeginning() {
    assertThat(after(10, 500)).isEqualTo("500 MiB left, 50.0 MiB/s, 10 s to go");
    assertThat(after(20, 500)).isEqualTo("500 MiB left, 25.0 MiB/s, 20 s to go");
  }

  @Test
  void longTimesAreInMinutesAndHours() {
    assertThat(after(10, 900)).endsWith("1:30 min to go");
    assertThat(after(100, 990)).endsWith("2:45:00 h to go");
  }

  @Test
  void thereIsNoRateWhereNothingHasMovedOrItHasJustBegun() {
    assertThat(after(0, 500)).isEqualTo("500 MiB left");
    assertThat(after(10, 1000)).isEqualTo("1000 MiB left");
    assertThat(after(10, 1001)).isEqualTo("1001 MiB left");
  }
}
