package io.pcache.block;

import io.pcache.error.Invariants;
import io.pcache.error.PcacheException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * One request to a {@link BlockDevice}: prepared by a front end, submitted once, completed once.
 * After completion the same object can be prepared again, so a front end keeps a pool of them and
 * the hot path allocates nothing.
 *
 * <p>Completion is counted: the device holds one reference from {@link #begin()} on, and every part
 * that is carried out elsewhere (a slice read from the backing device, a deferred piece) holds one
 * more. When the last is released, {@link #completed} runs, once, with the first failure that was
 * reported, on the thread that released it.
 *
 * <p>Thread-safety: prepared and submitted by one thread; references are taken and released by any.
 * The buffer is the device's to use from {@link BlockDevice#submit} until completion. Who writes to
 * it meanwhile, or gives it to several requests at once, gets torn bytes: a read then brings any mix,
 * a write leaves any mix in its own range. Nothing else is harmed.
 */
public abstract class BlockRequest {
  private static final AtomicIntegerFieldUpdater<BlockRequest> REFERENCES =
      AtomicIntegerFieldUpdater.newUpdater(BlockRequest.class, "references");
  private static final AtomicReferenceFieldUpdater<BlockRequest, @Nullable PcacheException>
      FAILURE =
          AtomicReferenceFieldUpdater.newUpdater(
              BlockRequest.class, PcacheException.class, "failure");

  private BlockOp op = BlockOp.FLUSH;
  private long offsetBytes;
  private long lengthBytes;
  private boolean forceUnitAccess;
  private MemorySegment buffer = MemorySegment.NULL;

  private @Nullable InFlightRequests tracker;
  private volatile int references;
  private volatile @Nullable PcacheException failure;

  /** Creates an unprepared request. */
  protected BlockRequest() {}

  /**
   * Makes this a read of {@code destination.byteSize()} bytes.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param destination where the bytes go; its size is a multiple of 512 above 0
   */
  public final void prepareRead(long offsetBytes, MemorySegment destination) {
    prepare(BlockOp.READ, offsetBytes, destination.byteSize(), false, destination);
  }

  /**
   * Makes this a write of {@code source.byteSize()} bytes.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param source the bytes; its size is a multiple of 512 above 0; what changes before
   *     completion may be written or not
   * @param forceUnitAccess whether this write has to be durable when it completes
   */
  public final void prepareWrite(long offsetBytes, MemorySegment source, boolean forceUnitAccess) {
    prepare(BlockOp.WRITE, offsetBytes, source.byteSize(), forceUnitAccess, source);
  }

  /** Makes this a flush: on success, every write completed before its submission is durable. */
  public final void prepareFlush() {
    prepare(BlockOp.FLUSH, 0, 0, false, MemorySegment.NULL);
  }

  /**
   * Makes this a write of zeroes.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param lengthBytes how much, a multiple of 512 above 0
   * @param forceUnitAccess whether the zeroes have to be durable when it completes
   */
  public final void prepareWriteZeroes(
      long offsetBytes, long lengthBytes, boolean forceUnitAccess) {
    prepare(BlockOp.WRITE_ZEROES, offsetBytes, lengthBytes, forceUnitAccess, MemorySegment.NULL);
  }

  /**
   * Makes this a prefetch into the cache.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param lengthBytes how much, a multiple of 512 above 0
   */
  public final void preparePrefetch(long offsetBytes, long lengthBytes) {
    prepare(BlockOp.PREFETCH, offsetBytes, lengthBytes, false, MemorySegment.NULL);
  }

  private void prepare(
      BlockOp newOp,
      long newOffsetBytes,
      long newLengthBytes,
      boolean newForceUnitAccess,
      MemorySegment newBuffer) {
    Invariants.check(references == 0, "a request in flight is not prepared again");
    op = newOp;
    offsetBytes = newOffsetBytes;
    lengthBytes = newLengthBytes;
    forceUnitAccess = newForceUnitAccess;
    buffer = newBuffer;
    failure = null;
  }

  /** What is asked for. */
  public final BlockOp op() {
    return op;
  }

  /** Where on the device, in bytes; 0 for a flush. */
  public final long offsetBytes() {
    return offsetBytes;
  }

  /** How much, in bytes; 0 for a flush. */
  public final long lengthBytes() {
    return lengthBytes;
  }

  /** Whether the write has to be durable when it completes (FUA). */
  public final boolean forceUnitAccess() {
    return forceUnitAccess;
  }

  /** Source of a write, destination of a read, {@link MemorySegment#NULL} otherwise. */
  public final MemorySegment buffer() {
    return buffer;
  }

  /** For devices: takes the first reference. Called once per submission, before anything else. */
  public final void begin() {
    Invariants.check(REFERENCES.compareAndSet(this, 0, 1), "a request is submitted once at a time");
  }

  /** For devices: {@link #begin()}, counted in {@code inFlight} until the request is complete. */
  public final void begin(InFlightRequests inFlight) {
    begin();
    tracker = inFlight;
    inFlight.started();
  }

  /** For devices: takes one more reference, for a part that is carried out elsewhere. */
  public final void retain() {
    int before = REFERENCES.getAndIncrement(this);
    Invariants.check(before > 0, "a completed request is not retained", before);
  }

  /** For devices: releases one reference; the last one completes the request on this thread. */
  public final void release() {
    int left = REFERENCES.decrementAndGet(this);
    Invariants.check(left >= 0, "a request is released once per reference", left);
    if (left == 0) {
      Completions.run(this);
    }
  }

  void runCompletion() {
    InFlightRequests counted = tracker;
    tracker = null;
    try {
      completed(failure);
    } finally {
      if (counted != null) {
        counted.finished();
      }
    }
  }

  /**
   * For devices: reports a failure of a part. The first one wins; the reference still has to be
   * released.
   */
  public final void fail(PcacheException cause) {
    FAILURE.compareAndSet(this, null, cause);
  }

  /** For devices: whether a part has failed, so that the rest need not be tried. */
  public final boolean hasFailed() {
    return failure != null;
  }

  /**
   * The request is done. Runs on the submitting thread, or on the device's completion worker; must
   * not block, must not throw, and may prepare and submit this request again. Completions of one
   * thread follow each other: one that is due inside another runs when that has returned.
   *
   * @param cause null on success
   */
  protected abstract void completed(@Nullable PcacheException cause);
}
