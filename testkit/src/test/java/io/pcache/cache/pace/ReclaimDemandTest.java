package io.pcache.cache.pace;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.ManualClock;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReclaimDemandTest {
  private final ManualClock clock = new ManualClock();
  private final ReclaimDemand demand = new ReclaimDemand(clock);

  private void passMicros(long micros) {
    clock.advance(TimeUnit.MICROSECONDS.toNanos(micros));
  }

  @Test
  void whoNeedsNothingIsNotTold() {
    demand.set(ReclaimDemand.Level.NONE);
    passMicros(1_000_000);
    assertThat(demand.isWakeUpDue()).isFalse();
    assertThat(demand.isWakeUpOwed()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"USUAL, 2000", "URGENT, 400"})
  void nobodyIsToldTwiceInAMomentWhichIsShorterWhereWritesWait(
      ReclaimDemand.Level level, long micros) {
    demand.set(level);
    assertThat(demand.isWakeUpDue()).isTrue();
    demand.wakeUpSent();
    assertThat(demand.isWakeUpDue()).isFalse();
    passMicros(micros - 1);
    assertThat(demand.isWakeUpDue()).isFalse();
    passMicros(1);
    assertThat(demand.isWakeUpDue()).isTrue();
  }

  @Test
  void whatWasHeldBackIsOwed() {
    demand.set(ReclaimDemand.Level.USUAL);
    demand.wakeUpSent();
    assertThat(demand.isWakeUpOwed()).isFalse();
    assertThat(demand.isWakeUpDue()).isFalse();
    assertThat(demand.isWakeUpOwed()).isTrue();
    demand.wakeUpSent();
    assertThat(demand.isWakeUpOwed()).isFalse();
  }
}
