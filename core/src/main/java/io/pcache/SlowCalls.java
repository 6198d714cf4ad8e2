package io.pcache;

import io.pcache.agent.CallWatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Whether a device gets on with calls that take long. A sync is one call however much it has to
 * write, so what the device moves meanwhile is counted. What it moves while no such call is under
 * way, for others or for short calls that fail, is not.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class SlowCalls {
  private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final CallWatch calls;
  private final LongSupplier movedSectors;
  private boolean wasUnderWay;
  private long before;
  private long moved;

  SlowCalls(CallWatch calls, LongSupplier movedSectors) {
    this.calls = calls;
    this.movedSectors = movedSectors;
  }

  /** A number that changes while the device gets on; counts what was moved between two calls. */
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
