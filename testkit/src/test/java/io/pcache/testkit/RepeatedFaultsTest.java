package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.agent.Agent;
import io.pcache.agent.AgentThread;
import io.pcache.block.BlockDevice;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What goes on failing is logged when it begins, and not at every try. */
class RepeatedFaultsTest {
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;

  @Test
  @DisplayName("hazard 11: a backing device that fails for long does not fill the log")
  void aBackingDeviceThatFailsForLongIsLoggedOnce() {
    try (SteppedCaches caches = new SteppedCaches();
        LogLines log = LogLines.of("io.pcache")) {
      FaultyStore faulty = new FaultyStore(caches.store);
      SteppedCache stepped = caches.open(caches.format(4, CrashGrain.CACHE_LINE, false), faulty);
      stepped.write(1 << 20, SECTOR, 1);
      stepped.drain();
      // One key set, of which another write is the first to fail each time.
      stepped.submit(SteppedCache.writeRequest(0, SECTOR, 1));
      stepped.submit(SteppedCache.writeRequest(8192, SECTOR, 1));
      for (int i = 0; i < 60; i++) {
        faulty.heal();
        faulty.failWrites(i % 2 * 8192L, SECTOR);
        caches.clock.advance(TimeUnit.SECONDS.toNanos(31));
        stepped.rest();
      }
      assertThat(log.warnings("injected fault")).hasSize(1);
      assertThat(stepped.cache().snapshot().faults()).hasSize(1);
    }
  }

  @Test
  void anAgentThatGoesOnThrowingIsLoggedOnce() {
    AtomicInteger steps = new AtomicInteger();
    Agent failing =
        new Agent() {
          @Override
          public String name() {
            return "failing";
          }

          @Override
          public int doWork() {
            steps.incrementAndGet();
            throw new IllegalStateException("for the test");
          }
        };
    try (LogLines log = LogLines.of("io.pcache");
        AgentThread thread = AgentThread.start(failing, TimeUnit.MILLISECONDS.toNanos(1))) {
      thread.wake();
      await().atMost(240, TimeUnit.SECONDS).until(() -> steps.get() > 20);
      assertThat(log.warnings("failing failed for the 1. time")).hasSize(1);
      assertThat(log.warnings("failing failed")).hasSizeLessThan(10);
    }
  }
}
