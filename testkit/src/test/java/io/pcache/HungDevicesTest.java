package io.pcache;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.CallWatch;
import io.pcache.agent.Patience;
import io.pcache.error.BackingFailureException;
import io.pcache.error.MediaFailureException;
import io.pcache.testkit.ManualClock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("hazard 30: a device that neither answers nor fails")
class HungDevicesTest {
  private final ManualClock clock = new ManualClock();
  private final CallWatch backing = new CallWatch(clock);
  private final CallWatch cache = new CallWatch(clock);
  private long backingSectors;
  private final HungDevices devices =
      new HungDevices(
          List.of(
              new HungDevices.Device(
                  "backing device b", backing, () -> backingSectors, BackingFailureException::new),
              new HungDevices.Device(
                  "cache device c", cache, () -> 0, MediaFailureException::new)));

  @Test
  void aCallIsAFaultAfterSomeSecondsAndUntilItReturns() {
    int call = backing.begin();
    clock.advance(TimeUnit.SECONDS.toNanos(4));
    assertThat(devices.faults()).isEmpty();
    assertThat(devices.unanswered()).isNull();
    clock.advance(TimeUnit.SECONDS.toNanos(33));
    assertThat(devices.faults())
        .singleElement()
        .asString()
        .contains("backing device b: does not answer: 1 call has been under way for 37 s");
    assertThat(devices.unanswered()).isInstanceOf(BackingFailureException.class);
    assertThat(devices.doWork()).isZero();
    backing.end(call);
    assertThat(devices.faults()).isEmpty();
  }

  @Test
  void eachDeviceIsNamedByItself() {
    var _ = backing.begin();
    var _ = cache.begin();
    var _ = cache.begin();
    clock.advance(TimeUnit.SECONDS.toNanos(6));
    assertThat(devices.faults())
        .hasSize(2)
        .anyMatch(fault -> fault.contains("cache device c: does not answer: 2 calls"));
  }

  @Test
  void whatADeviceMovesDuringALongCallIsProgress() {
    int call = backing.begin();
    clock.advance(TimeUnit.SECONDS.toNanos(2));
    long before = devices.progress();
    assertThat(devices.progress()).isEqualTo(before);
    backingSectors += 8;
    assertThat(devices.progress()).isNotEqualTo(before);
    backing.end(call);
  }

  @Test
  void whatADeviceMovesOtherwiseIsNoProgress() {
    long before = devices.progress();
    backingSectors += 8;
    assertThat(devices.progress()).isEqualTo(before);
    int call = backing.begin();
    backingSectors += 8;
    clock.advance(TimeUnit.SECONDS.toNanos(2));
    assertThat(devices.progress()).isEqualTo(before);
    backing.end(call);
    backingSectors += 8;
    assertThat(devices.progress()).isEqualTo(before);
  }

  @Test
  void theDeviceThatHasBeenWaitedForLongestEndsAStop() {
    var _ = cache.begin();
    clock.advance(1);
    var _ = backing.begin();
    clock.advance(Patience.DEFAULT_NANOS);
    assertThat(devices.givenUp(Patience.standard(), "of the rest as much as after a kill"))
        .isInstanceOf(MediaFailureException.class)
        .hasMessageContaining("cache device c does not answer")
        .hasMessageContaining("nothing has moved for 10 s")
        .hasMessageContaining("of the rest as much as after a kill");
  }

  @Test
  void aCallThatBeganWhileNothingMovedEndsNoStop() {
    var _ = backing.begin();
    clock.advance(Patience.DEFAULT_NANOS / 10);
    assertThat(devices.givenUp(Patience.standard(), ""))
        .isInstanceOf(MediaFailureException.class)
        .hasMessageContaining("cache device c seems not to answer");
  }
}
