package io.pcache.cache.health;

import io.pcache.agent.Clock;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Failures of one kind of transfer, which only the client of the request would see otherwise. The
 * first failure begins a fault. The fault ends when such a transfer has succeeded again and none
 * has failed for {@link #QUIET_NANOS}. The first failure is logged, and then at most one a minute.
 *
 * <p>Thread-safety: all methods from any thread. Without a fault, {@link #succeeded} reads one
 * field.
 */
public final class TransferFaults {
  /** A partly failed device succeeds in between, which does not end the fault. */
  static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final Logger LOG = LoggerFactory.getLogger(TransferFaults.class);

  private final String name;
  private final Clock clock;
  private volatile @Nullable String last;
  private long failures;
  private long lastFailureNanos;
  private long lastLoggedNanos;
  private volatile boolean awaitsSuccess;

  /**
   * Begins without a failure.
   *
   * @param name a name for these failures, in the plural
   */
  TransferFaults(String name, Clock clock) {
    this.name = name;
    this.clock = clock;
  }

  /** Records a failed transfer. Its client gets the failure too. */
  public synchronized void failed(String why) {
    long now = clock.nanoTime();
    endIfOver(now);
    boolean first = last == null;
    last = why;
    failures++;
    lastFailureNanos = now;
    awaitsSuccess = true;
    if (first || now - lastLoggedNanos >= LOG_EVERY_NANOS) {
      lastLoggedNanos = now;
      LOG.warn("{}", describe());
    }
  }

  /** Records a transfer that succeeded. */
  public void succeeded() {
    if (awaitsSuccess) {
      awaitsSuccess = false;
    }
  }

  /** The current fault, or null. Without a fault, this does not block. */
  @Nullable String fault() {
    return last == null ? null : faultNow();
  }

  private synchronized @Nullable String faultNow() {
    endIfOver(clock.nanoTime());
    return last == null ? null : describe();
  }

  private String describe() {
    return String.format(Locale.ROOT, "%s: %,d, the last: %s", name, failures, last);
  }

  private void endIfOver(long now) {
    if (last != null && !awaitsSuccess && now - lastFailureNanos >= QUIET_NANOS) {
      LOG.info("{}: no more after {}", name, failures);
      last = null;
      failures = 0;
    }
  }
}
