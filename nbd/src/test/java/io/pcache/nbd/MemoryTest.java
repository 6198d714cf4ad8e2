package io.pcache.nbd;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.agent.SystemClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class MemoryTest {
  @Test
  void buffersHaveTheNextPowerOfTwo() {
    try (BufferPool pool = new BufferPool(1 << 20)) {
      for (int[] pair :
          new int[][] {
            {1, 4096}, {4096, 4096}, {4097, 8192}, {65536, 65536}, {32 << 20, 32 << 20}
          }) {
        PooledBuffer buffer = pool.take(pair[0]);
        assertThat(buffer.sizeBytes()).isEqualTo(pair[1]);
        assertThat(BufferPool.footprintBytes(pair[0])).isEqualTo(pair[1]);
        assertThat(buffer.prefix(pair[0]).address() % 4096).isZero();
        pool.give(buffer);
      }
      assertThat(pool.usedBytes()).isZero();
    }
  }

  @Test
  void idleBuffersAreUsedAgainUpToABound() {
    try (BufferPool pool = new BufferPool(8192)) {
      PooledBuffer one = pool.take(4096);
      PooledBuffer two = pool.take(4096);
      PooledBuffer surplus = pool.take(4096);
      pool.give(one);
      pool.give(two);
      pool.give(surplus);
      assertThat(List.of(pool.take(4096), pool.take(4096))).containsExactly(two, one);
      assertThat(surplus.prefix(512).scope().isAlive()).isFalse();
      pool.give(one);
      pool.give(two);
    }
  }

  @Test
  void buffersThatComeBackAfterClosingAreFreed() {
    BufferPool pool = new BufferPool(1 << 20);
    PooledBuffer idle = pool.take(4096);
    PooledBuffer used = pool.take(4096);
    pool.give(idle);
    pool.close();
    assertThat(idle.prefix(512).scope().isAlive()).isFalse();
    assertThat(used.prefix(512).scope().isAlive()).isTrue();
    pool.give(used);
    assertThat(used.prefix(512).scope().isAlive()).isFalse();
  }

  @Test
  @DisplayName("hazard 46: clients that wait for memory get it in order")
  void thoseWhoWaitAreServedInOrder() {
    MemoryBudget budget = new MemoryBudget(100, SystemClock.INSTANCE);
    assertThat(budget.tryTake(90)).isTrue();
    List<String> order = new ArrayList<>();
    Thread large = waiterFor(budget, budget.newWaiter(), 100, "large", order);
    Thread small = waiterFor(budget, budget.newWaiter(), 10, "small", order);
    assertThat(budget.tryTake(10)).as("nobody overtakes").isFalse();
    budget.give(90);
    ServerUnderTest.eventually(() -> !large.isAlive());
    ServerUnderTest.eventually(() -> !small.isAlive());
    assertThat(order).containsExactly("large", "small");
    assertFree(budget, 100);
  }

  private static void assertFree(MemoryBudget budget, long bytes) {
    assertThat(budget.tryTake(bytes)).isTrue();
    assertThat(budget.tryTake(1)).as("nothing else is free").isFalse();
  }

  private static Thread waiterFor(
      MemoryBudget budget,
      MemoryBudget.Waiter waiter,
      long bytes,
      String name,
      List<String> order) {
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              if (budget.take(waiter, bytes, () -> {})) {
                synchronized (order) {
                  order.add(name);
                }
                budget.give(bytes);
              }
            });
    ServerUnderTest.eventually(() -> thread.getState() == Thread.State.WAITING);
    return thread;
  }

  @Test
  @DisplayName("hazard 46: a client that is gone keeps no memory from the next")
  void oneWhoIsAbandonedTakesNothingAndLetsTheNextGoOn() {
    MemoryBudget budget = new MemoryBudget(100, SystemClock.INSTANCE);
    assertThat(budget.tryTake(50)).isTrue();
    List<String> order = new ArrayList<>();
    MemoryBudget.Waiter first = budget.newWaiter();
    Thread abandoned = waiterFor(budget, first, 100, "abandoned", order);
    Thread next = waiterFor(budget, budget.newWaiter(), 50, "next", order);
    budget.abandon(first);
    ServerUnderTest.eventually(() -> !abandoned.isAlive());
    ServerUnderTest.eventually(() -> !next.isAlive());
    assertThat(order).containsExactly("next");
    budget.give(50);
    assertFree(budget, 100);
  }

  @Test
  @DisplayName("hazard 46: a frozen client is passed over, and needs no memory")
  void oneWhoseClientStandsStillIsPassedOverAndNeedsNothing() {
    MemoryBudget budget = new MemoryBudget(100, SystemClock.INSTANCE);
    assertThat(budget.tryTake(90)).isTrue();
    List<String> order = new ArrayList<>();
    MemoryBudget.Waiter still = budget.newWaiter();
    Thread large = waiterFor(budget, still, 100, "large", order);
    Thread other = waiterFor(budget, budget.newWaiter(), 50, "other", order);
    budget.setPointless(still, true);
    assertThat(budget.overdueBytes(0)).as("what is missing for the other").isEqualTo(40);
    budget.give(40);
    ServerUnderTest.eventually(() -> !other.isAlive());
    budget.give(50);
    budget.setPointless(still, false);
    ServerUnderTest.eventually(() -> !large.isAlive());
    assertThat(order).containsExactly("other", "large");
  }

  @Test
  @DisplayName("hazard 46: no client takes more memory than its limit")
  void admissionNeverExceedsItsLimitsAndGivesEverythingBack() {
    long seed = 5;
    MemoryBudget budget = new MemoryBudget(64 << 20, SystemClock.INSTANCE);
    AtomicLong bytesIn = new AtomicLong();
    AtomicInteger requestsIn = new AtomicInteger();
    Admission admission = new Admission(8, 32 << 20, budget);
    Random random = new Random(seed);
    for (int i = 0; i < 3000; i++) {
      long bytes = 4096L << random.nextInt(14);
      Admission.Share share = admission.tryEnter(bytes);
      share = share == null ? requireNonNull(admission.enter(bytes, () -> {})) : share;
      assertThat(requestsIn.incrementAndGet()).isLessThanOrEqualTo(8);
      assertThat(bytesIn.addAndGet(bytes))
          .isLessThanOrEqualTo((32 << 20) + Admission.OWN_SHARE_BYTES);
      leaveElsewhere(admission, share, bytes, requestsIn, bytesIn);
    }
    admission.awaitIdle();
    assertThat(admission.requestsInFlight()).isZero();
    assertFree(budget, 64 << 20);
  }

  private static void leaveElsewhere(
      Admission admission,
      Admission.Share share,
      long bytes,
      AtomicInteger requestsIn,
      AtomicLong bytesIn) {
    var _ =
        Thread.ofVirtual()
            .start(() -> {
              requestsIn.decrementAndGet();
              bytesIn.addAndGet(-bytes);
              admission.leave(share, bytes);
            });
  }

  @Test
  void whoWaitsForAdmissionIsReleasedWhenTheConnectionIsGivenUp() {
    Admission admission =
        new Admission(1, 32 << 20, new MemoryBudget(32 << 20, SystemClock.INSTANCE));
    assertThat(admission.tryEnter(0)).isNotNull();
    AtomicReference<Admission.@Nullable Share> given = new AtomicReference<>(Admission.Share.OWN);
    Thread waiting = Thread.ofPlatform().start(() -> given.set(admission.enter(4096, () -> {})));
    ServerUnderTest.eventually(() -> waiting.getState() == Thread.State.WAITING);
    admission.abandon();
    ServerUnderTest.eventually(() -> !waiting.isAlive());
    assertThat(given).hasValue(null);
    assertThat(admission.enter(1 << 24, () -> {})).isNull();
    admission.awaitIdle();
    assertThat(admission.requestsInFlight()).as("still there, but not waited for").isEqualTo(1);
  }

  @Test
  void whoWaitsForItsOwnRequestsLooksWhenReminded() {
    Admission admission =
        new Admission(1, 32 << 20, new MemoryBudget(32 << 20, SystemClock.INSTANCE));
    assertThat(admission.tryEnter(0)).isNotNull();
    assertThatALookEndsTheWait(admission, 4096);
    assertThat(admission.requestsInFlight()).as("nothing was let in").isEqualTo(1);
  }

  @Test
  void whoWaitsForItsOwnPayloadLooksWhenReminded() {
    Admission admission =
        new Admission(8, 32 << 20, new MemoryBudget(64 << 20, SystemClock.INSTANCE));
    assertThat(admission.tryEnter(32 << 20)).isNotNull();
    assertThatALookEndsTheWait(admission, 2 << 20);
    assertThat(admission.requestsInFlight()).as("nothing was let in").isEqualTo(1);
  }

  @Test
  void whoWaitsForMemoryOfAllLooksWhenReminded() {
    MemoryBudget budget = new MemoryBudget(32 << 20, SystemClock.INSTANCE);
    assertThat(budget.tryTake(32 << 20)).isTrue();
    assertThatALookEndsTheWait(new Admission(8, 64 << 20, budget), 2 << 20);
    assertThat(budget.waiters()).isZero();
    assertThat(budget.tryTake(1)).isFalse();
  }

  /** What waits gives itself up when it looks. */
  private static void assertThatALookEndsTheWait(Admission admission, long bytes) {
    AtomicReference<Admission.@Nullable Share> given = new AtomicReference<>(Admission.Share.OWN);
    Thread waiting =
        Thread.ofPlatform().start(() -> given.set(admission.enter(bytes, admission::abandon)));
    ServerUnderTest.eventually(() -> waiting.getState() == Thread.State.WAITING);
    admission.remind();
    ServerUnderTest.eventually(() -> !waiting.isAlive());
    assertThat(given).hasValue(null);
  }

  @Test
  void aLookThatFailsLeavesTheLine() {
    MemoryBudget budget = new MemoryBudget(100, SystemClock.INSTANCE);
    assertThat(budget.tryTake(100)).isTrue();
    MemoryBudget.Waiter waiter = budget.newWaiter();
    budget.remind(waiter);
    Runnable failing =
        () -> {
          throw new IllegalStateException("a fault");
        };
    assertThatThrownBy(() -> budget.take(waiter, 50, failing)).hasMessage("a fault");
    assertThat(budget.waiters()).isZero();
    budget.give(100);
    assertFree(budget, 100);
  }
}
