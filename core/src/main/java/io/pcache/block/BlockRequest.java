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
 * <p>The buffer of a read or write is a memory segment, a range of one, or several such
 * <i>pieces</i> in order, of any lengths that make a multiple of 512 together. A front end for
 * virtio maps the guest's memory once, one segment for each region, and for each descriptor chain
 * says
 *
 * <pre>{@code
 * request.prepareWrite(sector * 512, false);        // or prepareRead(sector * 512)
 * for each data descriptor of the chain:
 *   request.addPiece(region, addressInRegion, descriptorLength);
 * device.submit(request);
 * }</pre>
 *
 * <p>which makes no garbage. Virtio lets a driver split the data anywhere, also inside a sector.
 * What a guest names outside its memory fails with {@link io.pcache.error.BadOptionException}, like
 * a buffer that is closed, belongs to one thread, or is read-only and to be read into.
 *
 * <p>Completion is counted: the device holds one reference from {@link #begin()} on, and every part
 * that is carried out elsewhere (a slice read from the backing device, a deferred piece) holds one
 * more. When the last is released, {@link #completed} runs, once, with the first failure that was
 * reported, on the thread that released it.
 *
 * <p>Thread-safety: prepared and submitted by one thread; references are taken and released by any.
 * The buffer is the device's to use from {@link BlockDevice#submit} until completion. Who writes to
 * it meanwhile, or gives it to several requests at once, gets torn bytes: a read then brings any
 * mix, a write leaves any mix in its own range. Nothing else is harmed.
 */
public abstract class BlockRequest {
  private static final AtomicIntegerFieldUpdater<BlockRequest> REFERENCES =
      AtomicIntegerFieldUpdater.newUpdater(BlockRequest.class, "references");
  private static final AtomicReferenceFieldUpdater<BlockRequest, @Nullable PcacheException>
      FAILURE =
          AtomicReferenceFieldUpdater.newUpdater(
              BlockRequest.class, PcacheException.class, "failure");

  private final @Nullable RequestSource source;
  private BlockOp op = BlockOp.FLUSH;
  private long offsetBytes;
  private long lengthBytes;
  private boolean forceUnitAccess;
  private final RequestBuffer buffer = new RequestBuffer();

  /** Made once, so that completing makes no garbage. */
  private final Runnable completion = this::runCompletion;

  private @Nullable InFlightRequests tracker;
  private volatile int references;
  private volatile @Nullable PcacheException failure;

  /** Creates an unprepared request that has no client, and takes its turns by itself. */
  protected BlockRequest() {
    source = null;
  }

  /** Creates an unprepared request of a client. */
  protected BlockRequest(RequestSource source) {
    this.source = source;
  }

  /**
   * Makes this a read of {@code destination.byteSize()} bytes.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param destination where the bytes go; its size is a multiple of 512 above 0
   */
  public final void prepareRead(long offsetBytes, MemorySegment destination) {
    prepareRead(offsetBytes, destination, 0, destination.byteSize());
  }

  /**
   * Makes this a read into a range of a memory segment.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param memory what the range is in
   * @param memoryOffsetBytes where in the memory it begins; any alignment will do
   * @param lengthBytes its length, a multiple of 512 above 0
   */
  public final void prepareRead(
      long offsetBytes, MemorySegment memory, long memoryOffsetBytes, long lengthBytes) {
    prepareRead(offsetBytes);
    addPiece(memory, memoryOffsetBytes, lengthBytes);
  }

  /**
   * Makes this a read into pieces, to be given by {@link #addPiece}.
   *
   * @param offsetBytes where on the device, a multiple of 512
   */
  public final void prepareRead(long offsetBytes) {
    prepare(BlockOp.READ, offsetBytes, 0, false);
  }

  /**
   * Makes this a write of {@code source.byteSize()} bytes.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param source the bytes; its size is a multiple of 512 above 0; what changes before completion
   *     may be written or not
   * @param forceUnitAccess whether this write has to be durable when it completes
   */
  public final void prepareWrite(long offsetBytes, MemorySegment source, boolean forceUnitAccess) {
    prepareWrite(offsetBytes, source, 0, source.byteSize(), forceUnitAccess);
  }

  /**
   * Makes this a write of a range of a memory segment.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param memory what the range is in
   * @param memoryOffsetBytes where in the memory it begins; any alignment will do
   * @param lengthBytes its length, a multiple of 512 above 0
   * @param forceUnitAccess whether this write has to be durable when it completes
   */
  public final void prepareWrite(
      long offsetBytes,
      MemorySegment memory,
      long memoryOffsetBytes,
      long lengthBytes,
      boolean forceUnitAccess) {
    prepareWrite(offsetBytes, forceUnitAccess);
    addPiece(memory, memoryOffsetBytes, lengthBytes);
  }

  /**
   * Makes this a write of pieces, to be given by {@link #addPiece}.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param forceUnitAccess whether this write has to be durable when it completes
   */
  public final void prepareWrite(long offsetBytes, boolean forceUnitAccess) {
    prepare(BlockOp.WRITE, offsetBytes, 0, forceUnitAccess);
  }

  /**
   * Adds memory to a prepared read or write, behind the pieces that it has. Whether it may be used
   * is checked when the request is submitted.
   *
   * @param memory what the piece is a range of
   * @param memoryOffsetBytes where in the memory it begins; any alignment will do
   * @param lengthBytes its length; any will do, but all together make a multiple of 512 above 0
   */
  public final void addPiece(MemorySegment memory, long memoryOffsetBytes, long lengthBytes) {
    Invariants.check(references == 0, "a request in flight is not prepared again");
    Invariants.check(
        op == BlockOp.READ || op == BlockOp.WRITE, "only reads and writes have a buffer");
    buffer.add(memory, memoryOffsetBytes, lengthBytes);
    this.lengthBytes = buffer.lengthBytes();
  }

  /** Makes this a flush: on success, every write completed before its submission is durable. */
  public final void prepareFlush() {
    prepare(BlockOp.FLUSH, 0, 0, false);
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
    prepare(BlockOp.WRITE_ZEROES, offsetBytes, lengthBytes, forceUnitAccess);
  }

  /**
   * Makes this a prefetch into the cache.
   *
   * @param offsetBytes where on the device, a multiple of 512
   * @param lengthBytes how much, a multiple of 512 above 0
   */
  public final void preparePrefetch(long offsetBytes, long lengthBytes) {
    prepare(BlockOp.PREFETCH, offsetBytes, lengthBytes, false);
  }

  private void prepare(
      BlockOp newOp, long newOffsetBytes, long newLengthBytes, boolean newForceUnitAccess) {
    Invariants.check(references == 0, "a request in flight is not prepared again");
    op = newOp;
    offsetBytes = newOffsetBytes;
    lengthBytes = newLengthBytes;
    forceUnitAccess = newForceUnitAccess;
    buffer.removeAll();
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

  /** Source of a write, destination of a read; without pieces otherwise. */
  public final RequestBuffer buffer() {
    return buffer;
  }

  /** Whose it is; null where it has no client. */
  public final @Nullable RequestSource source() {
    return source;
  }

  /** For devices: whether its client is gone, so that nobody waits for the rest. */
  public final boolean isOrphaned() {
    return source != null && source.isClosed();
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
      Completions.run(completion);
    }
  }

  private void runCompletion() {
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
