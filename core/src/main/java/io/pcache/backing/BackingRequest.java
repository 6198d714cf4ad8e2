package io.pcache.backing;

import io.pcache.block.BlockRequest;
import io.pcache.error.Invariants;
import io.pcache.error.PcacheException;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request to a {@link BackingDevice}: acquired from its pool, prepared, submitted once,
 * completed once, and then back in the pool by itself.
 *
 * <p>It is of one of three kinds. A <i>slice</i> reads a part of what an upper request wants, into
 * memory of the device's own: what came is nobody else's to change, and the callback copies it to
 * where it belongs. It holds a reference on the upper request from submission on, and at completion
 * reports its failure to it and releases it. So several slices and the upper request's other parts
 * together complete it once, with the first failure. A <i>memory</i> request reads into or writes
 * from any pieces of memory, at one place of the device or, in further runs, at several: a caller
 * that has many small transfers pays for one request. A <i>flush</i> makes every write that had
 * completed before its submission durable.
 *
 * <p>Thread-safety: none until submission; then it belongs to the device until its callback runs.
 * The memory must stay valid until then, and for a write unchanged.
 */
public final class BackingRequest {
  /** Told once when a request is done. */
  @FunctionalInterface
  public interface Callback {
    /**
     * The request is done. Runs on the device's completion worker, or on the submitting thread
     * where the device is closed already; holds no lock. Must not block and must not throw. May
     * acquire and submit other requests, and may submit this one again, as it is or, for a memory
     * request, prepared anew; otherwise it goes back to the pool when this returns and must not be
     * kept. After a {@link io.pcache.error.ClosedException} nothing should be submitted again.
     *
     * @param request as it was prepared
     * @param failure null on success; otherwise none of the bytes may be relied on
     */
    void completed(BackingRequest request, @Nullable PcacheException failure);
  }

  /** What the store is asked for. */
  enum Op {
    READ,
    WRITE,
    FLUSH
  }

  private enum Phase {
    FREE,
    ACQUIRED,
    SUBMITTED,
    COMPLETING
  }

  private static final Callback NO_CALLBACK = (request, failure) -> {};

  private final RunList runs = new RunList();
  private final Runnable transfer;
  private final ReadBuffers readBuffers;

  private @Nullable ReadBuffer readBuffer;
  private Phase phase = Phase.FREE;
  private Op op = Op.FLUSH;
  private int currentRun;
  private @Nullable BlockRequest upper;
  private Callback callback = NO_CALLBACK;
  private @Nullable PcacheException failure;
  private @Nullable BackingRequest next;

  /**
   * A free request.
   *
   * @param carryOut what its transfer does
   */
  BackingRequest(Consumer<BackingRequest> carryOut, ReadBuffers readBuffers) {
    this.transfer = () -> carryOut.accept(this);
    this.readBuffers = readBuffers;
  }

  /**
   * Makes this a read for a part of an upper request.
   *
   * @param newUpper the upper request, on which the caller holds a reference until it has submitted
   *     this
   * @param lengthBytes its length, a multiple of 512 above 0, at most {@link
   *     BackingDevice#sliceBytes}
   * @param backingOffsetBytes where it lies on the backing device, a multiple of 512
   * @param privateCallback called before the failure reaches the upper request and the reference is
   *     released; where it throws, the upper request fails
   */
  public void prepareSlice(
      BlockRequest newUpper, int lengthBytes, long backingOffsetBytes, Callback privateCallback) {
    Invariants.check(
        lengthBytes <= readBuffers.bufferBytes(), "a slice fits into its memory", lengthBytes);
    prepare(Op.READ, backingOffsetBytes, privateCallback);
    upper = newUpper;
    ReadBuffer buffer = readBuffers.take();
    readBuffer = buffer;
    runs.append(buffer.part(lengthBytes));
  }

  /** For the callback of a slice that succeeded: the bytes, until the callback returns. */
  public MemorySegment sliceBytes() {
    Invariants.check(upper != null, "only slices have memory of the device's own");
    return runs.pieces(0).get(0);
  }

  /**
   * Makes this a read into pieces, to be given by {@link #addPiece}.
   *
   * @param backingOffsetBytes where on the backing device, a multiple of 512
   */
  public void prepareRead(long backingOffsetBytes, Callback newCallback) {
    prepare(Op.READ, backingOffsetBytes, newCallback);
  }

  /**
   * Makes this a write of pieces, to be given by {@link #addPiece}.
   *
   * @param backingOffsetBytes where on the backing device, a multiple of 512
   */
  public void prepareWrite(long backingOffsetBytes, Callback newCallback) {
    prepare(Op.WRITE, backingOffsetBytes, newCallback);
  }

  /** Makes this a flush; see {@link BackingDevice#flush} for what a failure means. */
  public void prepareFlush(Callback newCallback) {
    prepare(Op.FLUSH, 0, newCallback);
  }

  private void prepare(Op newOp, long newOffsetBytes, Callback newCallback) {
    boolean again = phase == Phase.COMPLETING && upper == null;
    Invariants.check(
        phase == Phase.ACQUIRED || again,
        "a request is prepared by who acquired it, or by its callback");
    runs.removeAll();
    runs.begin(newOffsetBytes);
    currentRun = 0;
    op = newOp;
    callback = newCallback;
    upper = null;
  }

  /**
   * Adds memory to a prepared memory request, behind the pieces that its last run has.
   *
   * @param piece its size is above 0; together the pieces of a run make a multiple of 512
   */
  public void addPiece(MemorySegment piece) {
    Invariants.check(upper == null && op != Op.FLUSH, "only memory requests take pieces");
    Invariants.check(
        phase != Phase.SUBMITTED && phase != Phase.FREE, "pieces are added before submission");
    Invariants.check(piece.byteSize() > 0, "a piece is not empty");
    runs.append(piece);
  }

  /**
   * Begins a further run of a prepared memory request, whose last run has pieces. Runs are moved
   * one after the other; after the first that fails, the rest is not moved.
   *
   * @param backingOffsetBytes where on the backing device, a multiple of 512
   */
  public void addRun(long backingOffsetBytes) {
    Invariants.check(upper == null && op != Op.FLUSH, "only memory requests have several runs");
    runs.begin(backingOffsetBytes);
  }

  /** How much, in bytes, all runs together; 0 for a flush. */
  public long lengthBytes() {
    return runs.lengthBytes();
  }

  /** What it moves. */
  RunList runs() {
    return runs;
  }

  /** The run that is being moved, or the one that failed. */
  int currentRun() {
    return currentRun;
  }

  /** Notes that the next run is being moved. */
  void advanceTo(int run) {
    currentRun = run;
  }

  /** The upper request of a slice, else null. */
  public @Nullable BlockRequest upper() {
    return upper;
  }

  Op op() {
    return op;
  }

  /** What carries this request out on whichever thread runs it; always the same object. */
  Runnable transfer() {
    return transfer;
  }

  void acquired() {
    Invariants.check(phase == Phase.FREE, "a request in the pool is free");
    phase = Phase.ACQUIRED;
  }

  /**
   * Hands the request to the device. A callback that submits its slice again still holds the upper
   * reference.
   */
  void submitted() {
    Invariants.check(
        phase == Phase.ACQUIRED || phase == Phase.COMPLETING,
        "a request is submitted once at a time");
    if (upper != null && phase == Phase.ACQUIRED) {
      upper.retain();
    }
    failure = null;
    phase = Phase.SUBMITTED;
  }

  void setOutcome(@Nullable PcacheException newFailure) {
    failure = newFailure;
  }

  void runCallback() {
    phase = Phase.COMPLETING;
    callback.completed(this, failure);
  }

  /** The callback threw. Where it had submitted the request again, that goes on. */
  void callbackFailed(PcacheException cause) {
    if (isFinished()) {
      failure = cause;
    }
  }

  /** Whether the callback left the request alone, so that it is finished. */
  boolean isFinished() {
    return phase == Phase.COMPLETING;
  }

  /** Makes the request free, and returns the failure it had. */
  @Nullable PcacheException clear() {
    PcacheException had = failure;
    runs.removeAll();
    ReadBuffer buffer = readBuffer;
    if (buffer != null) {
      readBuffer = null;
      readBuffers.put(buffer);
    }
    upper = null;
    callback = NO_CALLBACK;
    failure = null;
    phase = Phase.FREE;
    return had;
  }

  /** Makes a request free that was acquired and not submitted. */
  void abandon() {
    Invariants.check(
        phase == Phase.ACQUIRED, "only a request that was not submitted is given back");
    PcacheException none = clear();
    Invariants.check(none == null, "a request that was not submitted has not failed");
  }

  /** For {@link RequestQueue}. */
  void linkNext(BackingRequest newNext) {
    next = newNext;
  }

  /** For {@link RequestQueue}: returns the follower and forgets it. */
  @Nullable BackingRequest unlinkNext() {
    BackingRequest follower = next;
    next = null;
    return follower;
  }
}
