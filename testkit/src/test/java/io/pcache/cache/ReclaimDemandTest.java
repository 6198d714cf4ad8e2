package io.pcache.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.ManualClock;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReclaimDemandTest {
  private final ManualClock clock = new ManualClock();
  private final ReclaimDemand demand = new ReclaimDemand(clock);

  private void passMicros(long micros) {
    clock.advance(TimeUnit.MICROSECONDS.toNanos(micros));
  }

  @Test
  void whoNeedsNothingIsNotTold() {
    demand.set(false, false);
    passMicros(1_000_000);
    assertThat(demand.isDue()).isFalse();
    assertThat(demand.isOwed()).isFalse();
  }

  @Test
  void nobodyIsToldTwiceInAMoment() {
    demand.set(true, false);
    assertThat(demand.isDue()).isTrue();
    demand.told();
    assertThat(demand.isDue()).isFalse();
    passMicros(1999);
    assertThat(demand.isDue()).isFalse();
    passMicros(1);
    assertThat(demand.isDue()).isTrue();
  }

  @Test
  void theMomentIsShorterWhereWritesWait() {
    demand.set(true, true);
    demand.told();
    passMicros(399);
    assertThat(demand.isDue()).isFalse();
    passMicros(1);
    assertThat(demand.isDue()).isTrue();
  }

  @Test
  void whatWasHeldBackIsOwed() {
    demand.set(true, false);
    demand.told();
    assertThat(demand.isOwed()).isFalse();
    assertThat(demand.isDue()).isFalse();
    assertThat(demand.isOwed()).isTrue();
    demand.told();
    assertThat(demand.isOwed()).isFalse();
  }
}
