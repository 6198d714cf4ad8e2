package io.pcache.backing;

import io.pcache.agent.Agent;
import io.pcache.backing.InFlightGate.Admission;
import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.Invariants;
import io.pcache.error.MediaFailureException;
import io.pcache.error.PcacheException;
import io.pcache.nativeio.FileCondition;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The slow device behind the cache. It accepts pooled requests, carries them out on its store, and
 * runs their callbacks.
 *
 * <pre>
 *   submit ─▶ submit queue ─▶ submit worker ─▶ runner's threads ─▶ store
 *                                        callbacks ◀─ completion worker ◀─ completion list ◀┘
 *   execute ────────────────────────────────▶ this thread, callback included ──────▶ store
 * </pre>
 *
 * <p>The pool bounds the device; the queues do not. A caller that may block waits in {@link
 * #acquire}. An acquired request can always be submitted. The last requests of the pool are
 * reserved for write-back. So read misses that use up the others never keep write-back from making
 * room.
 *
 * <p>A callback on the completion worker never waits. If the pool is empty, {@link #acquire} there
 * creates a request beyond the pool's capacity. Callbacks create no more of these than their own
 * work needs.
 *
 * <p>Overlapping requests that are in flight together are carried out in any order. A caller that
 * needs an order waits until the first request has completed. A read sees every write that
 * completed before the read was submitted.
 *
 * <p>Thread-safety: all methods may be called from any thread.
 */
public final class BackingDevice implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BackingDevice.class);

  private final BackingStore store;
  private final long sizeBytes;
  private final BackingRunner runner;
  private final ReadBuffers readBuffers;
  private final RequestPool pool;
  private final RequestQueue submissions = new RequestQueue();
  private final RequestQueue completions = new RequestQueue();
  private final InFlightGate gate = new InFlightGate();
  private final TransferTally tally = new TransferTally();
  private final SubmitWorker submitWorker;
  private final CompletionWorker completionWorker;

  private BackingDevice(BackingStore store, BackingOptions options, BackingRunner runner) {
    this.store = store;
    this.sizeBytes = store.sizeBytes();
    this.runner = runner;
    int mostSlices = options.requests() - options.reservedRequests();
    this.readBuffers = new ReadBuffers(options.sliceBytes(), mostSlices);
    this.pool = new RequestPool(options.requests(), options.reservedRequests(), this::newRequest);
    this.submitWorker = new SubmitWorker(submissions, runner);
    this.completionWorker = new CompletionWorker(completions, this::complete);
  }

  private BackingRequest newRequest() {
    return new BackingRequest(this::carryOut, readBuffers);
  }

  /** Starts a device with threads on a store. The device owns the store from then on. */
  public static BackingDevice start(BackingStore store, BackingOptions options) {
    return start(store, options, new ThreadedRunner(options));
  }

  /**
   * Starts a device on a store. The device owns the store from then on, and the given runner does
   * its work.
   */
  public static BackingDevice start(
      BackingStore store, BackingOptions options, BackingRunner runner) {
    BackingDevice device = new BackingDevice(store, options, runner);
    runner.start(device.submitWorker, device.completionWorker);
    return device;
  }

  /** The device's name in messages, for example its path. */
  public String name() {
    return store.name();
  }

  /**
   * Reports what has happened to the device since it was opened. Asks the system, so this is not
   * for the path of requests.
   *
   * @throws IOException if the system does not report it
   */
  public FileCondition condition() throws IOException {
    return store.condition();
  }

  /** The size in bytes, a multiple of 512 above 0. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** The largest slice in bytes, a multiple of 512. */
  public int sliceBytes() {
    return readBuffers.bufferBytes();
  }

  /** The agent that moves requests from the submit queue to the store, for tests that step it. */
  public Agent submitWorker() {
    return submitWorker;
  }

  /** The agent that runs callbacks, for tests that step it. */
  public Agent completionWorker() {
    return completionWorker;
  }

  /** The totals so far. */
  public BackingCounters counters() {
    return tally.counters(gate.inFlight());
  }

  /**
   * Takes a request from the pool. Never blocks.
   *
   * @return the request, or null if none is left for this purpose
   */
  public @Nullable BackingRequest tryAcquire(RequestPurpose purpose) {
    BackingRequest request = pool.poll(purpose);
    if (request != null) {
      request.acquired();
    }
    return request;
  }

  /**
   * Takes a request from the pool. Waits for one to return if none is left for this purpose. A
   * callback on the completion worker never waits here.
   *
   * <p>The caller must not hold a lock that a callback needs. It must submit a request that it has
   * acquired before it acquires the next.
   */
  public BackingRequest acquire(RequestPurpose purpose) {
    BackingRequest request = pool.poll(purpose);
    while (request == null) {
      request = completionWorker.isRunningHere() ? newRequest() : pollAfterWaiting(purpose);
    }
    request.acquired();
    return request;
  }

  private @Nullable BackingRequest pollAfterWaiting(RequestPurpose purpose) {
    if (!runner.stepInCaller()) {
      pool.awaitReturn(purpose);
    }
    return pool.poll(purpose);
  }

  /**
   * Does a piece of the device's work if the device has no threads. A caller that waits for
   * requests in flight uses this.
   *
   * @return false if threads do the work and the caller may sleep
   */
  public boolean stepInCaller() {
    return runner.stepInCaller();
  }

  /** Returns a request to the pool that was acquired and not submitted. */
  public void abandon(BackingRequest request) {
    request.abandon();
    pool.put(request);
  }

  /**
   * Queues a prepared request. Never blocks, and never throws if the request fails. Every outcome,
   * including {@link ClosedException}, reaches its callback and its parent request.
   */
  public void submit(BackingRequest request) {
    if (admit(request)) {
      submissions.add(request);
      runner.wakeSubmitWorker();
    }
  }

  /**
   * Carries out a prepared request on the calling thread, for callers that may block. On return the
   * transfer is over and the callback has run on this thread. There is one exception: a device that
   * is closing refuses the request. The callback then runs on the completion worker, perhaps after
   * this method has returned.
   */
  public void execute(BackingRequest request) {
    if (admit(request)) {
      try {
        transfer(request);
      } finally {
        complete(request);
      }
    }
  }

  private boolean admit(BackingRequest request) {
    checkRange(request);
    request.submitted();
    tally.submitted();
    Admission admission = gate.enter();
    if (admission == Admission.ADMITTED) {
      return true;
    }
    request.setOutcome(closed());
    if (admission == Admission.REFUSED) {
      passToCompletion(request);
    } else {
      complete(request);
    }
    return false;
  }

  private void checkRange(BackingRequest request) {
    RunList runs = request.runs();
    for (int i = 0; i < runs.count(); i++) {
      checkRange(runs.offsetBytes(i), runs.pieces(i).lengthBytes());
    }
  }

  private void checkRange(long offsetBytes, long lengthBytes) {
    Invariants.check(lengthBytes > 0, "a transfer has a length");
    Invariants.check(
        lengthBytes % BlockDevice.SECTOR_BYTES == 0, "a transfer is of whole sectors", lengthBytes);
    Invariants.check(
        offsetBytes % BlockDevice.SECTOR_BYTES == 0, "a transfer starts at a sector", offsetBytes);
    boolean inside = offsetBytes >= 0 && offsetBytes <= sizeBytes - lengthBytes;
    Invariants.check(inside, "a transfer lies inside the backing device", offsetBytes);
  }

  /**
   * Transfers the bytes on the current thread, and passes the request to the completion worker. The
   * request gets there even if the transfer throws.
   */
  private void carryOut(BackingRequest request) {
    try {
      transfer(request);
    } finally {
      passToCompletion(request);
    }
  }

  private void transfer(BackingRequest request) {
    try {
      request.setOutcome(attempt(request));
    } catch (Error e) {
      request.setOutcome(transferFailure(request, e));
      throw e;
    }
  }

  private void passToCompletion(BackingRequest request) {
    completions.add(request);
    runner.wakeCompletionWorker();
  }

  private @Nullable PcacheException attempt(BackingRequest request) {
    try {
      switch (request.op()) {
        case READ -> read(request);
        case WRITE -> write(request);
      }
      return null;
    } catch (IOException e) {
      return transferFailure(request, e);
    } catch (RuntimeException e) {
      LOG.error("{}: a transfer failed in a way that no device does", name(), e);
      return transferFailure(request, e);
    } catch (InternalError e) {
      // The virtual machine throws this for a mapped page that the cache device cannot deliver.
      tally.failed();
      return new MediaFailureException(
          "cache device: cannot access the memory of a " + describe(request), e);
    }
  }

  private void read(BackingRequest request) throws IOException {
    RunList runs = request.runs();
    store.read(runs.pieces(0), runs.offsetBytes(0));
    tally.read(request.lengthBytes());
  }

  private void write(BackingRequest request) throws IOException {
    RunList runs = request.runs();
    for (int i = 0; i < runs.count(); i++) {
      request.advanceTo(i);
      store.write(runs.pieces(i), runs.offsetBytes(i));
    }
    tally.written(request.lengthBytes());
  }

  private PcacheException transferFailure(BackingRequest request, Throwable cause) {
    return failure("cannot carry out a " + describe(request), cause);
  }

  private BackingFailureException failure(String what, Throwable cause) {
    tally.failed();
    return new BackingFailureException(
        "backing device %s: %s: %s; check the device".formatted(name(), what, cause.getMessage()),
        cause);
  }

  private static String describe(BackingRequest request) {
    RunList runs = request.runs();
    int run = request.currentRun();
    return switch (request.op()) {
      case READ -> "read of " + describe(runs, run);
      case WRITE -> "write of " + describe(runs, run);
    };
  }

  private static String describe(RunList runs, int run) {
    return runs.pieces(run).lengthBytes() + " bytes at byte " + runs.offsetBytes(run);
  }

  private ClosedException closed() {
    return new ClosedException(
        "backing device " + name() + " is closed; the request was not carried out");
  }

  /**
   * Runs the callback, then ends the request unless the callback has submitted it again. A callback
   * that throws keeps no other thread waiting. A slice whose callback throws fails, because its
   * bytes may not have reached their destination.
   */
  private void complete(BackingRequest request) {
    try {
      request.runCallback();
    } catch (RuntimeException | Error e) {
      request.callbackFailed(transferFailure(request, e));
      throw e;
    } finally {
      try {
        if (request.isFinished()) {
          finish(request);
        }
      } finally {
        gate.leave();
      }
    }
  }

  private void finish(BackingRequest request) {
    var parent = request.parent();
    PcacheException failure = request.clear();
    // Before the parent request completes, because its completion may acquire one.
    pool.put(request);
    if (parent != null) {
      if (failure != null) {
        parent.fail(failure);
      }
      parent.release();
    }
  }

  /**
   * Makes every write that completed before this call durable. Blocks.
   *
   * @throws BackingFailureException if durability is not certain. Any write since the last
   *     successful flush may then be lost, even if a later flush succeeds. The reason is that the
   *     system reports such a loss only once. These writes must be repeated before the next flush
   * @throws ClosedException if the device is closed
   */
  public void flush() {
    Admission admission = gate.enter();
    try {
      if (admission != Admission.ADMITTED) {
        throw closed();
      }
      tally.submitted();
      store.flush();
      tally.flushed();
    } catch (IOException e) {
      throw failure("cannot flush", e);
    } finally {
      gate.leave();
    }
  }

  /**
   * Closes the device and releases the store with its lock. New requests are refused. The method
   * waits until all requests in flight are done and their callbacks have run. Then it ends the
   * threads. It does not flush. A callback must not call this method. A second call does nothing.
   *
   * @throws BackingFailureException if releasing the store failed
   */
  @Override
  public void close() {
    Invariants.check(
        !completionWorker.isRunningHere(), "a callback does not close the backing device");
    if (!gate.startClosing()) {
      return;
    }
    while (!gate.finishClosing()) {
      if (!runner.stepInCaller()) {
        gate.awaitIdle();
      }
    }
    runner.close();
    try {
      store.close();
    } catch (IOException e) {
      throw failure("cannot close", e);
    }
  }
}
