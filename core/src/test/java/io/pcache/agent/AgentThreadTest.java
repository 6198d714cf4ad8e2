package io.pcache.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AgentThreadTest {
  private static final long NEVER = TimeUnit.DAYS.toNanos(1);
  private static final long SOON = TimeUnit.MILLISECONDS.toNanos(1);

  /** Has some steps of work, counts them, and throws on the first if told to. */
  private static final class CountingAgent implements Agent {
    final AtomicInteger work;
    final AtomicInteger steps = new AtomicInteger();
    final AtomicReference<@Nullable Throwable> failNext = new AtomicReference<>();
    volatile @Nullable Thread thread;
    volatile long dozeNanos;

    CountingAgent(int work) {
      this.work = new AtomicInteger(work);
    }

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public long dozeNanos() {
      return dozeNanos;
    }

    @Override
    public int doWork() {
      thread = Thread.currentThread();
      steps.incrementAndGet();
      Throwable failure = failNext.getAndSet(null);
      if (failure instanceof RuntimeException e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
      return work.getAndUpdate(left -> Math.max(0, left - 1)) > 0 ? 1 : 0;
    }
  }

  @Test
  void itStepsWhileThereIsWork() {
    CountingAgent agent = new CountingAgent(1000);
    try (AgentThread runner = AgentThread.start(agent, NEVER)) {
      assertThat(runner).isNotNull();
      await().until(() -> agent.steps.get() == 1001);
    }
    assertThat(agent.work).hasValue(0);
  }

  @Test
  void anIdleAgentIsAskedAgainWhenWoken() {
    CountingAgent agent = new CountingAgent(0);
    try (AgentThread runner = AgentThread.start(agent, NEVER)) {
      await().until(() -> agent.steps.get() == 1);
      agent.work.set(5);
      runner.wake();
      await().until(() -> agent.work.get() == 0);
    }
  }

  @Test
  void anIdleAgentIsAskedAgainAfterItsIdleTime() {
    CountingAgent agent = new CountingAgent(0);
    try (AgentThread runner = AgentThread.start(agent, SOON)) {
      assertThat(runner).isNotNull();
      await().until(() -> agent.steps.get() > 3);
    }
  }

  @Test
  void aWakeUpDuringAStepIsNotLost() {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger steps = new AtomicInteger();
    Agent agent =
        new Agent() {
          @Override
          public String name() {
            return "slow";
          }

          @Override
          public int doWork() {
            if (steps.incrementAndGet() == 1) {
              inside.countDown();
              awaitUninterruptibly(goOn);
            }
            return 0;
          }
        };
    try (AgentThread runner = AgentThread.start(agent, NEVER)) {
      awaitUninterruptibly(inside);
      runner.wake();
      goOn.countDown();
      await().until(() -> steps.get() == 2);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anAgentThatThrowsIsTriedAgain() {
    CountingAgent agent = new CountingAgent(3);
    agent.failNext.set(new IllegalStateException("for the test"));
    try (AgentThread runner = AgentThread.start(agent, SOON)) {
      assertThat(runner).isNotNull();
      await().until(() -> agent.work.get() == 0);
      agent.failNext.set(new InternalError("for the test"));
      await().until(() -> agent.failNext.get() == null);
      agent.work.set(2);
      await().until(() -> agent.work.get() == 0);
    }
  }

  @Test
  void anInterruptDoesNotStopIt() {
    CountingAgent agent = new CountingAgent(0);
    try (AgentThread runner = AgentThread.start(agent, NEVER)) {
      await().until(() -> agent.steps.get() == 1);
      Thread thread = agent.thread;
      assertThat(thread).isNotNull();
      thread.interrupt();
      agent.work.set(1);
      runner.wake();
      await().until(() -> agent.work.get() == 0);
    }
  }

  @Test
  void closingEndsTheThreadWhoseNameTellsTheAgent() {
    CountingAgent agent = new CountingAgent(0);
    AgentThread runner = AgentThread.start(agent, NEVER);
    await().until(() -> agent.steps.get() == 1);
    Thread thread = agent.thread;
    assertThat(thread).isNotNull();
    assertThat(thread.getName()).isEqualTo("pcache-counting");
    assertThat(thread.isDaemon()).isTrue();
    runner.close();
    assertThat(thread.isAlive()).isFalse();
    runner.wake();
    assertThat(agent.steps).hasValue(1);
  }

  @Test
  void closingKeepsTheInterruptOfWhoCloses() {
    CountingAgent agent = new CountingAgent(0);
    AgentThread runner = AgentThread.start(agent, NEVER);
    Thread.currentThread().interrupt();
    runner.close();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aWakeUpReachesTheThreadItIsAttachedTo() {
    Wakeup wakeup = new Wakeup();
    wakeup.wake();
    CountingAgent agent = new CountingAgent(0);
    try (AgentThread runner = AgentThread.start(agent, NEVER, wakeup)) {
      assertThat(runner).isNotNull();
      await().until(() -> agent.steps.get() == 1);
      agent.work.set(1);
      wakeup.wake();
      await().until(() -> agent.work.get() == 0);
    }
    wakeup.wake();
  }

  @Test
  void anAgentThatDozesIsWokenOnlyForWhatIsUrgent() throws InterruptedException {
    CountingAgent agent = new CountingAgent(1);
    agent.dozeNanos = NEVER;
    Wakeup wakeup = new Wakeup();
    try (AgentThread runner = AgentThread.start(agent, SOON, wakeup)) {
      assertThat(runner).isNotNull();
      awaitSleep(agent);
      assertThat(agent.steps).hasValue(2);
      agent.work.set(1);
      wakeup.wakeSoon();
      Thread.sleep(20);
      assertThat(agent.steps).hasValue(2);
      wakeup.wake();
      await().until(() -> agent.work.get() == 0);
    }
  }

  private static void awaitSleep(CountingAgent agent) {
    await()
        .until(() -> {
          Thread thread = agent.thread;
          return thread != null && thread.getState() == Thread.State.TIMED_WAITING;
        });
  }

  @Test
  void anAgentLooksByItselfAfterADoze() {
    CountingAgent agent = new CountingAgent(1);
    agent.dozeNanos = SOON;
    try (AgentThread runner = AgentThread.start(agent, NEVER)) {
      assertThat(runner).isNotNull();
      await().until(() -> agent.steps.get() == 3);
    }
  }

  @Test
  void anAgentThatSleepsIsWokenForWhatIsInNoHurryToo() {
    CountingAgent agent = new CountingAgent(0);
    agent.dozeNanos = NEVER;
    Wakeup wakeup = new Wakeup();
    try (AgentThread runner = AgentThread.start(agent, NEVER, wakeup)) {
      assertThat(runner).isNotNull();
      awaitSleep(agent);
      agent.work.set(1);
      wakeup.wakeSoon();
      await().until(() -> agent.work.get() == 0);
    }
  }

  @Test
  void theSystemClockMovesForward() {
    Clock clock = SystemClock.INSTANCE;
    long before = clock.nanoTime();
    assertThat(clock.nanoTime()).isGreaterThanOrEqualTo(before);
    assertThat(clock.epochMillis()).isGreaterThan(1_700_000_000_000L);
  }
}
