package io.pcache.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.OutstandingCalls.Outstanding;
import io.pcache.testkit.ManualClock;
import org.junit.jupiter.api.Test;

class CallWatchTest {
  private static final Outstanding NONE = new Outstanding(0, 0);

  private final ManualClock clock = new ManualClock();
  private final CallWatch calls = new CallWatch(clock);

  @Test
  void whatHasReturnedIsNotOutstanding() {
    int call = calls.begin();
    clock.advance(100);
    assertThat(calls.longerThan(0)).isEqualTo(new Outstanding(1, 100));
    calls.end(call);
    assertThat(calls.longerThan(0)).isEqualTo(NONE);
  }

  @Test
  void callsOfOneThreadAndOfSeveralAreCountedAndTheOldestIsTold() throws InterruptedException {
    int first = calls.begin();
    clock.advance(50);
    int second = calls.begin();
    Thread other = Thread.ofPlatform().start(calls::begin);
    other.join();
    clock.advance(10);
    assertThat(calls.longerThan(0)).isEqualTo(new Outstanding(3, 60));
    assertThat(calls.longerThan(11)).isEqualTo(new Outstanding(1, 60));
    calls.end(first);
    calls.end(second);
    assertThat(calls.longerThan(0)).isEqualTo(new Outstanding(1, 10));
  }

  @Test
  void callsThatDoNotMeetTheConditionAreLeftOut() {
    int first = calls.begin();
    clock.advance(50);
    int second = calls.begin();
    clock.advance(10);
    assertThat(calls.longerThan(0, call -> call == second)).isEqualTo(new Outstanding(1, 10));
    assertThat(calls.longerThan(0, call -> call == first)).isEqualTo(new Outstanding(1, 60));
  }

  @Test
  void aCallThatReturnsMeanwhileIsLeftOut() {
    var _ = calls.begin();
    assertThat(
            calls.longerThan(
                0,
                call -> {
                  calls.end(call);
                  return true;
                }))
        .isEqualTo(NONE);
  }

  @Test
  void moreCallsThanPlacesDoNoHarm() {
    int[] begun = new int[1000];
    for (int i = 0; i < begun.length; i++) {
      begun[i] = calls.begin();
    }
    clock.advance(7);
    assertThat(calls.longerThan(0).calls()).isBetween(64, 1000);
    for (int call : begun) {
      calls.end(call);
    }
    assertThat(calls.longerThan(0)).isEqualTo(NONE);
  }
}
