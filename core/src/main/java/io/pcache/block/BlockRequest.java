package io.pcache.block;

import io.pcache.error.Invariants;
import io.pcache.error.PcacheException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * One request to a {@link BlockDevice}. A front end prepares it and submits it once. The device
 * completes it once. The same object can then be prepared again. So a front end keeps a pool of
 * requests, and the hot path allocates nothing.
 *
 * <p>The buffer of a read or write is a memory segment, a range of one, or several such
 * <i>pieces</i> in order. Pieces may have any length, but together they make a multiple of 512. A
 * front end for virtio maps the guest's memory once, one segment for each region. Then it does the
 * following for each descriptor chain, without garbage:
 *
 * <pre>{@code
 * request.prepareWrite(sector * 512);               // or prepareRead(sector * 512)
 * for each data descriptor of the chain:
 *   request.addPiece(region, addressInRegion, descriptorLength);
 * device.submit(request);
 * }</pre>
 *
 * <p>Virtio lets a driver split the data anywhere, even inside a sector. A range that a guest names
 * outside its memory fails with {@link io.pcache.error.BadOptionException}. So does a buffer that
 * is closed or confined to one thread, and a read into a read-only buffer.
 *
 * <p>Completion is reference-counted. The device holds one reference from {@link #begin()} on. Each
 * part that is carried out elsewhere holds another, such as a slice of the backing device or a
 * deferred piece. The thread that releases the last reference runs {@link #completed}, once, with
 * the first reported failure.
 *
 * <p>Thread-safety: one thread prepares and submits a request. Any thread may take and release
 * references. The device uses the buffer from {@link BlockDevice#submit} until completion. If a
 * client writes to it meanwhile, or gives it to several requests at once, the bytes may be torn. A
 * read then returns any mix of bytes. A write leaves any mix in its own range. No other data is
 * affected.
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

  /** Created once, so that completing a request makes no garbage. */
  private final Runnable completion = this::runCompletion;

  private @Nullable InFlightRequests tracker;
  private volatile int references;
  private volatile @Nullable PcacheException failure;

  /** Creates an unprepared request without a client. It takes turns on its own. */
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
   * @param offsetBytes offset on the device, a multiple of 512
   * @param destination receives the bytes; its size is a multiple of 512 above 0
   */
  public final void prepareRead(long offsetBytes, MemorySegment destination) {
    prepareRead(offsetBytes, destination, 0, destination.byteSize());
  }

  /**
   * Makes this a read into a range of a memory segment.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   * @param memory the segment that contains the range
   * @param memoryOffsetBytes start of the range in the memory, with any alignment
   * @param lengthBytes length of the range, a multiple of 512 above 0
   */
  public final void prepareRead(
      long offsetBytes, MemorySegment memory, long memoryOffsetBytes, long lengthBytes) {
    prepareRead(offsetBytes);
    addPiece(memory, memoryOffsetBytes, lengthBytes);
  }

  /**
   * Makes this a read into pieces, which {@link #addPiece} adds.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   */
  public final void prepareRead(long offsetBytes) {
    prepare(BlockOp.READ, offsetBytes, 0);
  }

  /**
   * Makes this a write of {@code source.byteSize()} bytes.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   * @param source the bytes, a multiple of 512 above 0; changes before completion may be written or
   *     not
   */
  public final void prepareWrite(long offsetBytes, MemorySegment source) {
    prepareWrite(offsetBytes, source, 0, source.byteSize());
  }

  /**
   * Makes this a write of a range of a memory segment.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   * @param memory the segment that contains the range
   * @param memoryOffsetBytes start of the range in the memory, with any alignment
   * @param lengthBytes length of the range, a multiple of 512 above 0
   */
  public final void prepareWrite(
      long offsetBytes, MemorySegment memory, long memoryOffsetBytes, long lengthBytes) {
    prepareWrite(offsetBytes);
    addPiece(memory, memoryOffsetBytes, lengthBytes);
  }

  /**
   * Makes this a write of pieces, which {@link #addPiece} adds.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   */
  public final void prepareWrite(long offsetBytes) {
    prepare(BlockOp.WRITE, offsetBytes, 0);
  }

  /**
   * Adds memory to a prepared read or write, after the existing pieces. Whether the memory may be
   * used is checked when the request is submitted.
   *
   * @param memory the segment that contains the piece
   * @param memoryOffsetBytes start of the piece in the memory, with any alignment
   * @param lengthBytes any length; all pieces together make a multiple of 512 above 0
   */
  public final void addPiece(MemorySegment memory, long memoryOffsetBytes, long lengthBytes) {
    Invariants.check(references == 0, "a request in flight is not prepared again");
    Invariants.check(
        op == BlockOp.READ || op == BlockOp.WRITE, "only reads and writes have a buffer");
    buffer.add(memory, memoryOffsetBytes, lengthBytes);
    this.lengthBytes = buffer.lengthBytes();
  }

  /**
   * Makes this a flush. On success, every write that completed before its submission is durable.
   */
  public final void prepareFlush() {
    prepare(BlockOp.FLUSH, 0, 0);
  }

  /**
   * Makes this a write of zeroes.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   * @param lengthBytes length, a multiple of 512 above 0
   */
  public final void prepareWriteZeroes(long offsetBytes, long lengthBytes) {
    prepare(BlockOp.WRITE_ZEROES, offsetBytes, lengthBytes);
  }

  /**
   * Makes this a prefetch into the cache.
   *
   * @param offsetBytes offset on the device, a multiple of 512
   * @param lengthBytes length, a multiple of 512 above 0
   */
  public final void preparePrefetch(long offsetBytes, long lengthBytes) {
    prepare(BlockOp.PREFETCH, offsetBytes, lengthBytes);
  }

  /** Makes a prepared write complete only once it is durable (FUA). */
  public final void completeWhenDurable() {
    Invariants.check(references == 0, "a request in flight is not prepared again");
    Invariants.check(
        op == BlockOp.WRITE || op == BlockOp.WRITE_ZEROES, "only writes are made durable");
    forceUnitAccess = true;
  }

  private void prepare(BlockOp newOp, long newOffsetBytes, long newLengthBytes) {
    Invariants.check(references == 0, "a request in flight is not prepared again");
    op = newOp;
    offsetBytes = newOffsetBytes;
    lengthBytes = newLengthBytes;
    forceUnitAccess = false;
    buffer.removeAll();
    failure = null;
  }

  /** The operation. */
  public final BlockOp op() {
    return op;
  }

  /** The offset on the device in bytes; 0 for a flush. */
  public final long offsetBytes() {
    return offsetBytes;
  }

  /** The length in bytes; 0 for a flush. */
  public final long lengthBytes() {
    return lengthBytes;
  }

  /** Whether the write must be durable when it completes (FUA). */
  public final boolean forceUnitAccess() {
    return forceUnitAccess;
  }

  /** The source of a write or the destination of a read. For other requests it has no pieces. */
  public final RequestBuffer buffer() {
    return buffer;
  }

  /** The client's source, or null if the request has no client. */
  public final @Nullable RequestSource source() {
    return source;
  }

  /** For devices: whether the client is gone, so that the rest need not be carried out. */
  public final boolean isOrphaned() {
    return source != null && source.isClosed();
  }

  /**
   * For devices: takes the first reference. Called once per submission, before all other methods.
   */
  public final void begin() {
    Invariants.check(REFERENCES.compareAndSet(this, 0, 1), "a request is submitted once at a time");
  }

  /** For devices: {@link #begin()}, counted in {@code inFlight} until the request is complete. */
  public final void begin(InFlightRequests inFlight) {
    begin();
    tracker = inFlight;
    inFlight.started();
  }

  /** For devices: takes another reference, for a part that is carried out elsewhere. */
  public final void retain() {
    int before = REFERENCES.getAndIncrement(this);
    Invariants.check(before > 0, "a completed request is not retained", before);
  }

  /** For devices: releases a reference. The last release completes the request on this thread. */
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
   * For devices: reports the failure of a part. The first failure counts. The caller still has to
   * release its reference.
   */
  public final void fail(PcacheException cause) {
    FAILURE.compareAndSet(this, null, cause);
  }

  /** For devices: whether a part has failed, so that the rest need not be tried. */
  public final boolean hasFailed() {
    return failure != null;
  }

  /**
   * Reports that the request is complete. Runs on the thread that releases the last reference,
   * which is the submitting thread or one of the device's. Must not block and must not throw. It
   * may prepare and submit this request again. Completions on one thread run one after another: one
   * that becomes due inside another runs after that has returned.
   *
   * @param cause null on success
   */
  protected abstract void completed(@Nullable PcacheException cause);
}
