package io.pcache.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How fast a transfer has been since it began, and how long the rest takes at that rate, for
 * people.
 *
 * <p>Thread-safety: none.
 */
final class TransferRate {
  private final LongSupplier nanoTime;
  private final long startNanos;

  /** Begins now. */
  TransferRate(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.startNanos = nanoTime.getAsLong();
  }

  /**
   * Describes how far it is. Without a rate in the first second, and while nothing has moved.
   *
   * @param leftBytes what still has to be transferred
   * @param atStartBytes what had to be at the beginning
   */
  String describe(long leftBytes, long atStartBytes) {
    String left = ByteSize.format(leftBytes) + " left";
    long millis = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - startNanos);
    long doneBytes = atStartBytes - leftBytes;
    if (millis < TimeUnit.SECONDS.toMillis(1) || doneBytes <= 0) {
      return left;
    }
    double bytesPerSecond = doneBytes * 1000.0 / millis;
    long leftSeconds = (long) Math.ceil(leftBytes / bytesPerSecond);
    return "%s, %s/s, %s to go"
        .formatted(left, ByteSize.format((long) bytesPerSecond), describe(leftSeconds));
  }

  private static String describe(long seconds) {
    Duration left = Duration.ofSeconds(seconds);
    return left.toHours() > 0
        ? "%d:%02d:%02d h".formatted(left.toHours(), left.toMinutesPart(), left.toSecondsPart())
        : left.toMinutes() > 0
            ? "%d:%02d min".formatted(left.toMinutes(), left.toSecondsPart())
            : seconds + " s";
  }
}
