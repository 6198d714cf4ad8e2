package io.pcache.cache.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.Clock;
import io.pcache.cache.health.CacheCounters;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DirtyAgesTest {
  private static final int KIB = 1024;

  /** Stands still until a test moves it. */
  private static final class StoppedClock implements Clock {
    private long nanos;

    @Override
    public long nanoTime() {
      return nanos;
    }

    @Override
    public long epochMillis() {
      return 0;
    }

    @Override
    public void pause(long moreNanos) {
      nanos += moreNanos;
    }
  }

  private final StoppedClock clock = new StoppedClock();
  private final CacheCounters counters = new CacheCounters();
  private final DirtyAges ages = new DirtyAges(counters, clock);

  private void pass(long millis) {
    clock.pause(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  private void commit(long bytes) {
    counters.dirtiedBytes.add(bytes);
    ages.dirtied();
  }

  @Test
  void nothingDirtyHasNoAge() {
    assertThat(ages.oldestMillis()).isZero();
    commit(KIB);
    pass(5000);
    counters.cleanedBytes.add(KIB);
    assertThat(ages.oldestMillis()).isZero();
  }

  @Test
  void theOldestBytesThatAreStillDirtyCount() {
    commit(KIB);
    pass(2000);
    commit(KIB);
    pass(3000);
    assertThat(ages.oldestMillis()).isEqualTo(5000);
    counters.cleanedBytes.add(KIB);
    assertThat(ages.oldestMillis()).isEqualTo(3000);
  }

  @Test
  void bytesThatFollowAMarkWithinASecondHaveAnAgeOnceTheMarkIsClean() {
    commit(KIB);
    pass(400);
    commit(KIB);
    counters.cleanedBytes.add(KIB);
    pass(60_000);
    assertThat(ages.oldestMillis()).isBetween(60_000L, 61_000L);
  }

  @Test
  void bytesBeyondTheLastMarkThatFitsHaveAnAge() {
    int seconds = 70_000;
    for (int i = 0; i < seconds; i++) {
      commit(KIB);
      pass(1000);
    }
    counters.cleanedBytes.add((long) (seconds - 1) * KIB);
    assertThat(ages.oldestMillis()).isGreaterThanOrEqualTo(1000);
  }
}
