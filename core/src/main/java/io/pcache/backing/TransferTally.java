package io.pcache.backing;

import java.util.concurrent.atomic.LongAdder;

/** Counts a device's requests. Thread-safety: all methods may be called from any thread. */
final class TransferTally {
  private final LongAdder requests = new LongAdder();
  private final LongAdder readBytes = new LongAdder();
  private final LongAdder writtenBytes = new LongAdder();
  private final LongAdder flushes = new LongAdder();
  private final LongAdder errors = new LongAdder();

  void submitted() {
    requests.increment();
  }

  void read(long lengthBytes) {
    readBytes.add(lengthBytes);
  }

  void written(long lengthBytes) {
    writtenBytes.add(lengthBytes);
  }

  void flushed() {
    flushes.increment();
  }

  void failed() {
    errors.increment();
  }

  BackingCounters counters(long inFlight) {
    return new BackingCounters(
        requests.sum(), readBytes.sum(), writtenBytes.sum(), flushes.sum(), errors.sum(), inFlight);
  }
}
