package io.pcache.cache.destage;

import io.pcache.agent.Wakeup;
import io.pcache.backing.BackingDevice;
import io.pcache.backing.BackingRequest;
import io.pcache.backing.RequestPurpose;
import io.pcache.cache.health.CacheCounters;
import io.pcache.cache.health.CacheHealth;
import io.pcache.cache.pace.Backoff;
import io.pcache.cache.pace.OffloadPolicy;
import io.pcache.error.BackingFailureException;
import io.pcache.error.ClosedException;
import io.pcache.error.PcacheException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Carries a plan out: writes in flight together, then a flush. The first failure ends it; what was
 * written then may be lost.
 *
 * <p>Thread-safety: that of write-back, but for {@link #areInFlight}; writes complete on any.
 */
public final class BackingWrites {
  private static final int MAX_IN_FLIGHT = 32;

  private final BackingDevice backing;
  private final OffloadPolicy offload;
  private final WritebackListener listener;
  private final CacheCounters counters;
  private final CacheHealth health;
  private final Backoff backoff;
  private final Wakeup wakeup;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicReference<@Nullable PcacheException> failure = new AtomicReference<>();

  /**
   * Nothing is under way.
   *
   * @param listener told of each write before, and of each flush after
   * @param backoff whether writes are tried again
   * @param wakeup woken when a write completes
   */
  public BackingWrites(
      BackingDevice backing,
      OffloadPolicy offload,
      WritebackListener listener,
      CacheCounters counters,
      CacheHealth health,
      Backoff backoff,
      Wakeup wakeup) {
    this.backing = backing;
    this.offload = offload;
    this.listener = listener;
    this.counters = counters;
    this.health = health;
    this.backoff = backoff;
    this.wakeup = wakeup;
  }

  /** Whether a write is under way. */
  boolean areInFlight() {
    return inFlight.get() > 0;
  }

  /** Whether all of a plan has been written, or a write has failed; and none is under way. */
  boolean areOver(WritebackPlan plan) {
    return !areInFlight() && (hasFailed() || !plan.hasNext());
  }

  /** Whether something has failed since {@link #takeFailure}. */
  boolean hasFailed() {
    return failure.get() != null;
  }

  /** Ends what is under way with a failure of another kind. */
  void fail(PcacheException cause) {
    failure.compareAndSet(null, cause);
  }

  /** What has failed, once; null where nothing has. */
  @Nullable PcacheException takeFailure() {
    return failure.getAndSet(null);
  }

  /** Goes on with a plan, as far as requests are to be had. Returns how many were issued. */
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
        // After the last there is nothing else to do until it is over.
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

  /** Several runs a request where there are many: one that moves 4 KiB costs more than the move. */
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
      if (!backoff.isActive()) {
        counters.writtenBackBytes.add(request.lengthBytes());
      }
      health.backingReads().succeeded();
    } else {
      fail(cause);
    }
    inFlight.decrementAndGet();
    wakeup.wake();
  }

  /** Makes durable what was written, on the caller's thread. Where it fails, all of that has. */
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
