package io.pcache;

import io.pcache.agent.OutstandingCalls;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Measures whether a device makes progress with long calls. A sync is one call however much it
 * writes, so sectors that the device transfers during it are counted. Transfers at other times, by
 * other programs or by short calls that fail, are not counted.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class SlowCalls {
  private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final OutstandingCalls calls;
  private final LongSupplier movedSectors;
  private boolean wasUnderWay;
  private long before;
  private long moved;

  SlowCalls(OutstandingCalls calls, LongSupplier movedSectors) {
    this.calls = calls;
    this.movedSectors = movedSectors;
  }

  /**
   * Returns a number that changes while the device makes progress. While a long call is in
   * progress, it adds what the device transferred since this method's previous call.
   */
  synchronized long progress() {
    boolean isUnderWay = calls.longerThan(LONG_NANOS).calls() > 0;
    if (isUnderWay) {
      long now = movedSectors.getAsLong();
      moved += wasUnderWay ? now - before : 0;
      before = now;
    }
    wasUnderWay = isUnderWay;
    return moved;
  }
}
