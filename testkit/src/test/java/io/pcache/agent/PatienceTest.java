package io.pcache.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.ManualClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

class PatienceTest {
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final ManualClock clock = new ManualClock();
  private final List<String> heard = new ArrayList<>();
  private final Patience patience =
      new Patience(
          clock,
          LIMIT_NANOS,
          (what, quietNanos) ->
              heard.add(what + " " + TimeUnit.NANOSECONDS.toSeconds(quietNanos) + " s"));

  private long nanosSince(long start) {
    return clock.nanoTime() - start;
  }

  @Test
  void whatIsOverIsNotWaitedFor() {
    long start = clock.nanoTime();
    assertThat(patience.await("nothing", () -> 0, () -> true)).isTrue();
    assertThat(nanosSince(start)).isZero();
    assertThat(heard).isEmpty();
  }

  @Test
  void aWaitInWhichNothingMovesEndsAtTheLimit() {
    long start = clock.nanoTime();
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    assertThat(nanosSince(start)).isBetween(LIMIT_NANOS, LIMIT_NANOS + LIMIT_NANOS / 10);
    assertThat(heard).contains("a disk 0 s", "a disk 9 s").doesNotContain("a disk 10 s");
  }

  @Test
  void aWaitLastsAsLongAsSomethingMoves() {
    long start = clock.nanoTime();
    long overNanos = 50 * LIMIT_NANOS;
    assertThat(
            patience.await(
                "a disk",
                () -> nanosSince(start) / (LIMIT_NANOS - 1),
                () -> nanosSince(start) >= overNanos))
        .isTrue();
  }

  @Test
  void aWaitLastsAsLongAsWhatItDependsOnGetsOnThoughItsOwnNumberFalls() {
    long start = clock.nanoTime();
    long overNanos = 50 * LIMIT_NANOS;
    LongSupplier moves = () -> nanosSince(start) / (LIMIT_NANOS - 1);
    Patience withDevice = new Patience(clock, LIMIT_NANOS, moves, (what, quietNanos) -> {});
    assertThat(
            withDevice.await(
                "a disk", () -> -moves.getAsLong(), () -> nanosSince(start) >= overNanos))
        .isTrue();
  }

  @Test
  void whatHangsIsWaitedForOnce() {
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    long start = clock.nanoTime();
    assertThat(patience.await("the same disk", () -> 0, () -> false)).isFalse();
    assertThat(nanosSince(start)).isBetween(LIMIT_NANOS / 10, LIMIT_NANOS / 5);
  }

  @Test
  void whatDoesNotDependOnWhatHangsGetsAllOfTheLimit() {
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    long start = clock.nanoTime();
    assertThat(
            patience.awaitOther("another disk", () -> 0, () -> nanosSince(start) > LIMIT_NANOS / 2))
        .isTrue();
    long then = clock.nanoTime();
    assertThat(patience.await("the same disk", () -> 0, () -> false)).isFalse();
    assertThat(nanosSince(then)).isBetween(LIMIT_NANOS / 10, LIMIT_NANOS / 5);
  }

  @Test
  void aMoveBringsThePatienceBack() {
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    long start = clock.nanoTime();
    AtomicInteger moves = new AtomicInteger();
    assertThat(patience.await("a disk", () -> Math.min(3, moves.getAndIncrement()), () -> false))
        .isFalse();
    assertThat(nanosSince(start)).isGreaterThanOrEqualTo(LIMIT_NANOS);
  }

  @Test
  void aMoveOutsideOfWaitsBringsItBackToo() {
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    patience.renew();
    long start = clock.nanoTime();
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    assertThat(nanosSince(start)).isGreaterThanOrEqualTo(LIMIT_NANOS);
  }

  @Test
  void anInterruptDoesNotShortenAWaitAndIsKept() {
    long start = clock.nanoTime();
    Thread.currentThread().interrupt();
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(nanosSince(start)).isGreaterThanOrEqualTo(LIMIT_NANOS);
  }

  @Test
  void aWaitForSomethingElsewhereIsNotProlongedByDevicesAndShortensNoOtherWait() {
    AtomicInteger moved = new AtomicInteger();
    Patience moving =
        new Patience(clock, LIMIT_NANOS, moved::incrementAndGet, (what, quietNanos) -> {});
    long start = clock.nanoTime();
    assertThat(moving.awaitElsewhere("a file system", () -> false)).isFalse();
    assertThat(nanosSince(start)).isBetween(LIMIT_NANOS, LIMIT_NANOS + LIMIT_NANOS / 10);
    start = clock.nanoTime();
    assertThat(moving.awaitElsewhere("a file system", () -> false)).isFalse();
    assertThat(nanosSince(start)).isLessThan(LIMIT_NANOS / 5);

    assertThat(patience.awaitElsewhere("a file system", () -> false)).isFalse();
    start = clock.nanoTime();
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    assertThat(nanosSince(start)).isGreaterThanOrEqualTo(LIMIT_NANOS);
  }

  @Test
  void howLongTheLastWaitWasIsKnown() {
    assertThat(patience.timedOutNanos()).isEqualTo(LIMIT_NANOS);
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    assertThat(patience.await("a disk", () -> 0, () -> false)).isFalse();
    assertThat(patience.timedOutNanos()).isEqualTo(LIMIT_NANOS / 10);
  }
}
