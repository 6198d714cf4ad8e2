package io.pcache.agent;

import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;

/** A wake-up is never lost: an agent that would otherwise sleep for ever works again. */
class AgentThreadInterleavingTest {
  private static final int INVOCATIONS = 120;

  @Test
  void workThatIsAnnouncedIsDone() {
    Lincheck.runConcurrentTest(INVOCATIONS, AgentThreadInterleavingTest::announceWork);
  }

  private static void announceWork() {
    Counting agent = new Counting();
    Wakeup wakeup = new Wakeup();
    try (AgentThread _ = AgentThread.start(agent, Long.MAX_VALUE, wakeup)) {
      agent.toDo.incrementAndGet();
      wakeup.wake();
      while (agent.done.get() == 0) {
        // A lost wake-up leaves everybody waiting, which Lincheck reports as a deadlock.
        Thread.onSpinWait();
      }
    }
  }

  private static final class Counting implements Agent {
    private final AtomicInteger toDo = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public int doWork() {
      int taken = toDo.getAndSet(0);
      done.addAndGet(taken);
      return taken;
    }
  }
}
