package io.pcache.nbd;

import io.pcache.agent.Clock;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/** What all connections of a server share. Thread-safe. */
final class ServerShared {
  private static final long MAX_IDLE_SOCKET_BUFFER_BYTES = 16 << 20;

  private final NbdServerOptions options;
  private final Exports exports;
  private final BufferPool buffers;
  private final BufferPool socketBuffers = new BufferPool(MAX_IDLE_SOCKET_BUFFER_BYTES);
  private final MemoryBudget budget;
  private final Semaphore busyPollPermits =
      BusyPoll.newTurns(Runtime.getRuntime().availableProcessors());
  private final Semaphore readAheadPermits = InputBuffer.newReadAheadPermits();
  private final LongAdder requestsInFlight = new LongAdder();
  private final DismissalLog dismissals;
  private volatile boolean shuttingDown;

  ServerShared(NbdServerOptions options, Exports exports, Clock clock) {
    this.options = options;
    this.exports = exports;
    this.buffers = new BufferPool(options.maxBytes());
    this.budget = new MemoryBudget(options.maxBytes(), clock);
    this.dismissals = new DismissalLog(clock);
  }

  Exports exports() {
    return exports;
  }

  /** Memory for payload that all connections share. */
  MemoryBudget budget() {
    return budget;
  }

  /** For payload. */
  BufferPool buffers() {
    return buffers;
  }

  /** For what connections receive into and send from. */
  BufferPool socketBuffers() {
    return socketBuffers;
  }

  /** For threads that wait for input awake. */
  Semaphore busyPollPermits() {
    return busyPollPermits;
  }

  /** For memory to receive ahead of requests that wait for admission. */
  Semaphore readAheadPermits() {
    return readAheadPermits;
  }

  /** Frees idle buffers; the others follow when they come back. */
  void freeBuffers() {
    buffers.close();
    socketBuffers.close();
  }

  LongAdder requestsInFlight() {
    return requestsInFlight;
  }

  DismissalLog dismissals() {
    return dismissals;
  }

  boolean isShuttingDown() {
    return shuttingDown;
  }

  /** From now on new requests are refused. */
  void shutDown() {
    shuttingDown = true;
  }

  /** The limits of a new connection. */
  Admission newAdmission() {
    return new Admission(
        options.maxRequestsPerConnection(), options.maxBytesPerConnection(), budget);
  }

  NbdServerOptions options() {
    return options;
  }
}
