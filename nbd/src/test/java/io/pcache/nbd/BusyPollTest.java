package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How long a thread stays awake for input, and when it does not even try. */
class BusyPollTest {
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger looks = new AtomicInteger();
  private final Semaphore turns = BusyPoll.newTurns(2);
  private long stepNanos = 1000;
  private int availableFromLook = Integer.MAX_VALUE;
  private final BusyPoll poll =
      new BusyPoll(
          () -> looks.incrementAndGet() >= availableFromLook ? 1 : 0,
          turns,
          () -> nanos.addAndGet(stepNanos));

  @Test
  void looksUntilThereIsInput() throws IOException {
    availableFromLook = 7;
    assertThat(poll.await()).isTrue();
    assertThat(looks).hasValue(7);
    assertThat(turns.availablePermits()).isEqualTo(1);
  }

  @Test
  void givesUpAtItsLimit() throws IOException {
    assertThat(poll.await()).isFalse();
    assertThat(nanos.get()).isBetween(BusyPoll.LIMIT_NANOS, BusyPoll.LIMIT_NANOS + 3 * stepNanos);
    assertThat(turns.availablePermits()).isEqualTo(1);
  }

  @Test
  void givesUpAtOnceWhereOthersTakeTheProcessor() throws IOException {
    stepNanos = BusyPoll.CONTENDED_NANOS;
    assertThat(poll.await()).isFalse();
    assertThat(looks).hasValue(2);
  }

  @Test
  void looksOnceMoreWhenTheProcessorComesBack() throws IOException {
    stepNanos = BusyPoll.CONTENDED_NANOS;
    availableFromLook = 2;
    assertThat(poll.await()).isTrue();
  }

  @Test
  void sleepsThroughMoreAndMoreWaitsWhereNothingComes() throws IOException {
    stepNanos = BusyPoll.LIMIT_NANOS;
    assertThat(waitsUntilNextLook()).isEqualTo(1);
    for (int expected = 2; expected <= BusyPoll.MAX_SKIPS + 1; expected = 2 * (expected - 1) + 1) {
      assertThat(waitsUntilNextLook()).isEqualTo(expected);
    }
    assertThat(waitsUntilNextLook()).isEqualTo(BusyPoll.MAX_SKIPS + 1);
  }

  @Test
  void oneFindMakesItTryEveryTimeAgain() throws IOException {
    stepNanos = BusyPoll.LIMIT_NANOS;
    int unused = waitsUntilNextLook() + waitsUntilNextLook() + waitsUntilNextLook();
    availableFromLook = 0;
    unused = waitsUntilNextLook();
    assertThat(waitsUntilNextLook()).isEqualTo(1);
    assertThat(waitsUntilNextLook()).isEqualTo(1);
  }

  @Test
  void onlySoManyThreadsAreKeptAwake() throws IOException {
    assertThat(turns.tryAcquire()).isTrue();
    assertThat(poll.await()).isFalse();
    assertThat(looks).hasValue(0);
    assertThat(turns.availablePermits()).isEqualTo(0);
  }

  @Test
  void oneProcessorIsForOthers() {
    assertThat(BusyPoll.newTurns(1).availablePermits()).isEqualTo(0);
  }

  private int waitsUntilNextLook() throws IOException {
    int before = looks.get();
    int waits = 0;
    while (looks.get() == before) {
      boolean unused = poll.await();
      waits++;
    }
    return waits;
  }
}
