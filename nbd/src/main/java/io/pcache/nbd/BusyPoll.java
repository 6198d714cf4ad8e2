package io.pcache.nbd;

import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/**
 * Stays awake for a moment where the client is likely to answer within it: to put a thread to sleep
 * and to wake it again takes longer than most clients on the same machine do. The processor is
 * offered to others all the while, and where they take it, or where nothing came the last times,
 * the thread rather sleeps.
 *
 * <p>Thread-safety: none; used by one connection's thread.
 */
final class BusyPoll {
  /** The longest that a thread stays awake for nothing. */
  static final long LIMIT_NANOS = 50_000;

  /** An offer of the processor that takes longer than this was accepted. */
  static final long CONTENDED_NANOS = 20_000;

  /** The most waits in a row that are slept through at once before another is tried awake. */
  static final int MAX_SKIPS = 64;

  private final Source source;
  private final Semaphore turns;
  private final LongSupplier nanoTime;
  private int skips;
  private int nextSkips = 1;

  /** Says how much input there is, without waiting for it. */
  @FunctionalInterface
  interface Source {
    int available() throws IOException;
  }

  /**
   * @param turns one for each thread of the server that may be kept awake at a time
   * @param nanoTime a monotonic time in nanoseconds
   */
  BusyPoll(Source source, Semaphore turns, LongSupplier nanoTime) {
    this.source = source;
    this.turns = turns;
    this.nanoTime = nanoTime;
  }

  /** For a thread that always sleeps until there is input. */
  static BusyPoll never() {
    return new BusyPoll(() -> 0, new Semaphore(0), () -> 0);
  }

  /** How many threads of a server may be kept awake: half the processors stay for the clients. */
  static Semaphore newTurns(int processors) {
    return new Semaphore(processors / 2);
  }

  /**
   * Returns when there is input, or when it is better to sleep until there is.
   *
   * @return whether there is input for certain
   */
  boolean await() throws IOException {
    if (skips > 0) {
      skips--;
      return false;
    }
    if (!turns.tryAcquire()) {
      return false;
    }
    try {
      boolean found = poll();
      skips = found ? 0 : nextSkips;
      nextSkips = found ? 1 : Math.min(MAX_SKIPS, 2 * nextSkips);
      return found;
    } finally {
      turns.release();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // how long a yield takes says whether to go on
  private boolean poll() throws IOException {
    long start = nanoTime.getAsLong();
    long now = start;
    long before;
    do {
      if (source.available() > 0) {
        return true;
      }
      before = now;
      Thread.yield();
      now = nanoTime.getAsLong();
    } while (now - start < LIMIT_NANOS && now - before < CONTENDED_NANOS);
    // Who was given the processor may have been the client.
    return source.available() > 0;
  }
}
