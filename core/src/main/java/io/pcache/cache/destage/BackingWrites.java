package io.pcache.cache.destage;

import io.pcache.agent.Wakeup;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingRequest;
import io.pcache.backing.RequestPurpose;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.pace.OffloadPolicy;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.PcacheException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Carries out a write-back plan: its writes in flight together, then a flush. The first failure
 * ends the plan, and writes completed since the last good flush may be lost.
 *
 * <p>Thread-safety: write-back's thread, except {@link #areInFlight} from any; writes complete on
 * any thread.
 */
public final class BackingWrites {
  private static final int MAX_IN_FLIGHT = 32;

  private final BackingDevice backing;
  private final OffloadPolicy offload;
  private final WritebackListener listener;
  private final CacheCounters counters;
  private final CacheHealth health;
  private final WritebackRetries retries;
  private final Wakeup wakeup;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicReference<@Nullable PcacheException> failure = new AtomicReference<>();

  /**
   * Begins with no write in flight.
   *
   * @param listener called before each write and after each flush
   * @param retries tells whether writes are repeated after a failure
   * @param wakeup woken when a write completes
   */
  public BackingWrites(
      BackingDevice backing,
      OffloadPolicy offload,
      WritebackListener listener,
      CacheCounters counters,
      CacheHealth health,
      WritebackRetries retries,
      Wakeup wakeup) {
    this.backing = backing;
    this.offload = offload;
    this.listener = listener;
    this.counters = counters;
    this.health = health;
    this.retries = retries;
    this.wakeup = wakeup;
  }

  /** Whether a write is in flight. */
  boolean areInFlight() {
    return inFlight.get() > 0;
  }

  /**
   * Whether no write is in flight, and either the whole plan has been written or a write has
   * failed.
   */
  boolean areOver(WritebackPlan plan) {
    return !areInFlight() && (hasFailed() || !plan.hasNext());
  }

  /** Whether a write or flush has failed since {@link #takeFailure}. */
  boolean hasFailed() {
    return failure.get() != null;
  }

  /** Ends the plan with a failure from elsewhere. */
  void fail(PcacheException cause) {
    failure.compareAndSet(null, cause);
  }

  /** Returns the failure and clears it, or null if there is none. */
  @Nullable PcacheException takeFailure() {
    return failure.getAndSet(null);
  }

  /** Issues writes of a plan while requests are available. Returns the number issued. */
  int issue(WritebackPlan plan) {
    int issued = 0;
    while (!hasFailed() && plan.hasNext() && inFlight.get() < MAX_IN_FLIGHT) {
      BackingRequest request = backing.tryAcquire(RequestPurpose.WRITE_BACK);
      if (request == null) {
        return issued;
      }
      prepareOrGiveBack(request, plan);
      inFlight.incrementAndGet();
      issued++;
      if (plan.hasNext() && offload.isWorthwhile()) {
        backing.submit(request);
      } else {
        // After the last request this thread has nothing else to do, or the device answers fast.
        carryOutHere(request);
      }
    }
    return issued;
  }

  private void carryOutHere(BackingRequest request) {
    offload.started();
    backing.execute(request);
    offload.ended();
  }

  private void prepareOrGiveBack(BackingRequest request, WritebackPlan plan) {
    boolean prepared = false;
    try {
      prepare(request, plan);
      prepared = true;
    } finally {
      if (!prepared) {
        backing.abandon(request);
      }
    }
  }

  /**
   * Puts several runs into one request if there are many. A request that moves 4 KiB costs more
   * than the transfer.
   */
  private void prepare(BackingRequest request, WritebackPlan plan) {
    List<WritebackPlan.Piece> run = plan.nextRun();
    int pieces = run.size();
    request.prepareWrite(run.getFirst().offsetBytes(), this::written);
    addPieces(request, run);
    while (plan.hasNext() && pieces < plan.piecesPerRequest()) {
      run = plan.nextRun();
      pieces += run.size();
      request.addRun(run.getFirst().offsetBytes());
      addPieces(request, run);
    }
  }

  private void addPieces(BackingRequest request, List<WritebackPlan.Piece> run) {
    long offset = run.getFirst().offsetBytes();
    listener.beforeWrite(offset, run.getLast().endBytes() - offset);
    for (WritebackPlan.Piece piece : run) {
      request.addPiece(piece.bytes());
    }
  }

  private void written(BackingRequest request, @Nullable PcacheException cause) {
    if (cause == null) {
      if (retries.outcome() == WritebackRetries.Outcome.GOOD) {
        counters.writtenBackBytes.add(request.lengthBytes());
      }
      health.backingReads().succeeded();
    } else {
      fail(cause);
    }
    inFlight.decrementAndGet();
    wakeup.wake();
  }

  /** Tells the listener that the cache device has lost data. */
  void cacheDeviceLost() {
    listener.cacheDeviceLost();
  }

  /**
   * Makes the writes durable, on the caller's thread. If the flush fails, all of them have failed.
   */
  void flush() {
    try {
      backing.flush();
    } catch (BackingFailureException | ClosedException e) {
      fail(e);
      return;
    }
    listener.afterFlush();
  }
}
