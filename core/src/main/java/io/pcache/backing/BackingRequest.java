package io.pcache.backing;

import io.pcache.block.BlockRequest;
import io.pcache.error.Invariants;
import io.pcache.error.PcacheException;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request to a {@link BackingDevice}. A caller acquires it from the pool, prepares it and
 * submits it once. It completes once and then returns to the pool automatically.
 *
 * <p>There are two kinds:
 *
 * <ul>
 *   <li>A <i>slice</i> reads a part of a parent request into memory that the device owns. No client
 *       can change the bytes there. The callback copies them to their destination. From submission
 *       on, a slice holds a reference on the parent request. At completion it reports its failure
 *       to the parent request and releases it. So several slices and other parts complete the
 *       parent request once, with the first failure.
 *   <li>A <i>write</i> takes its bytes from any pieces of memory. It transfers one or more runs,
 *       each to its own place of the device. So many small transfers cost only one request.
 * </ul>
 *
 * <p>{@link BackingDevice#flush} makes writes durable. It needs no request.
 *
 * <p>Thread-safety: none until submission. Then the request belongs to the device until its
 * callback runs. The memory must stay valid until then, and for a write unchanged.
 */
public final class BackingRequest {
  /** Called once when a request is done. */
  @FunctionalInterface
  public interface Callback {
    /**
     * Reports that the request is done. Runs on the device's completion worker, in general. It runs
     * on the calling thread for {@link BackingDevice#execute}, and if the device is closed already.
     * The device holds no lock during the call. A callback must not block and must not throw.
     *
     * <p>It may acquire and submit other requests. It may also submit this one again, either
     * unchanged or, for a write, prepared anew. Otherwise the request returns to the pool when the
     * callback returns, and must not be kept. After a {@link io.pcache.error.ClosedException} the
     * callback should not submit anything again.
     *
     * @param request the request as it was prepared
     * @param failure null on success; otherwise none of the bytes may be relied on
     */
    void completed(BackingRequest request, @Nullable PcacheException failure);
  }

  /** The operation of the store. */
  enum Op {
    READ,
    WRITE
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
  private Op op = Op.READ;
  private int currentRun;
  private @Nullable BlockRequest parent;
  private Callback callback = NO_CALLBACK;
  private @Nullable PcacheException failure;
  private @Nullable BackingRequest next;

  /**
   * Creates a free request.
   *
   * @param carryOut carries out the transfer
   * @param readBuffers the memory for slices
   */
  BackingRequest(Consumer<BackingRequest> carryOut, ReadBuffers readBuffers) {
    this.transfer = () -> carryOut.accept(this);
    this.readBuffers = readBuffers;
  }

  /**
   * Makes this a read for a part of a parent request.
   *
   * @param newParent the parent request; the caller holds a reference on it until it has submitted
   *     this
   * @param lengthBytes length, a multiple of 512 above 0, at most {@link BackingDevice#sliceBytes}
   * @param backingOffsetBytes offset on the backing device, a multiple of 512
   * @param privateCallback called before the parent request receives the failure and loses the
   *     reference; if it throws, the parent request fails
   */
  public void prepareSlice(
      BlockRequest newParent, int lengthBytes, long backingOffsetBytes, Callback privateCallback) {
    Invariants.check(
        lengthBytes <= readBuffers.bufferBytes(), "a slice fits into its memory", lengthBytes);
    prepare(Op.READ, backingOffsetBytes, privateCallback);
    parent = newParent;
    ReadBuffer buffer = readBuffers.take();
    readBuffer = buffer;
    runs.append(buffer.part(lengthBytes));
  }

  /** The bytes of a slice that succeeded. Only its callback may use them, until it returns. */
  public MemorySegment sliceBytes() {
    Invariants.check(parent != null, "only slices have memory of the device's own");
    return runs.pieces(0).get(0);
  }

  /**
   * Makes this a write of pieces, which {@link #addPiece} adds.
   *
   * @param backingOffsetBytes offset on the backing device, a multiple of 512
   */
  public void prepareWrite(long backingOffsetBytes, Callback newCallback) {
    prepare(Op.WRITE, backingOffsetBytes, newCallback);
  }

  private void prepare(Op newOp, long newOffsetBytes, Callback newCallback) {
    boolean again = phase == Phase.COMPLETING && parent == null;
    Invariants.check(
        phase == Phase.ACQUIRED || again,
        "a request is prepared by who acquired it, or by its callback");
    runs.removeAll();
    runs.begin(newOffsetBytes);
    currentRun = 0;
    op = newOp;
    callback = newCallback;
    parent = null;
  }

  /**
   * Adds memory to a prepared write, after the pieces of its last run.
   *
   * @param piece of a size above 0; the pieces of a run add up to a multiple of 512
   */
  public void addPiece(MemorySegment piece) {
    Invariants.check(op == Op.WRITE, "only writes take pieces");
    Invariants.check(
        phase != Phase.SUBMITTED && phase != Phase.FREE, "pieces are added before submission");
    Invariants.check(piece.byteSize() > 0, "a piece is not empty");
    runs.append(piece);
  }

  /**
   * Begins another run of a prepared write, whose last run has pieces. Runs are transferred one
   * after another. If one fails, those after it are not transferred.
   *
   * @param backingOffsetBytes offset on the backing device, a multiple of 512
   */
  public void addRun(long backingOffsetBytes) {
    Invariants.check(op == Op.WRITE, "only writes have several runs");
    runs.begin(backingOffsetBytes);
  }

  /** The length of all runs in bytes. */
  public long lengthBytes() {
    return runs.lengthBytes();
  }

  /** The runs to transfer. */
  RunList runs() {
    return runs;
  }

  /** The run that is being transferred, or the one that failed. */
  int currentRun() {
    return currentRun;
  }

  /** Records which run is being transferred. */
  void advanceTo(int run) {
    currentRun = run;
  }

  /** The parent request of a slice, or null. */
  public @Nullable BlockRequest parent() {
    return parent;
  }

  Op op() {
    return op;
  }

  /** Carries this request out on the thread that runs it. It is always the same object. */
  Runnable transfer() {
    return transfer;
  }

  void acquired() {
    Invariants.check(phase == Phase.FREE, "a request in the pool is free");
    phase = Phase.ACQUIRED;
  }

  /**
   * Hands the request to the device. A slice takes its reference on the parent request here. A
   * slice that its callback submits again still holds that reference.
   */
  void submitted() {
    Invariants.check(
        phase == Phase.ACQUIRED || phase == Phase.COMPLETING,
        "a request is submitted once at a time");
    if (parent != null && phase == Phase.ACQUIRED) {
      parent.retain();
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

  /**
   * Records that the callback threw. If it has already submitted the request again, this has no
   * effect.
   */
  void callbackFailed(PcacheException cause) {
    if (isFinished()) {
      failure = cause;
    }
  }

  /** Whether the request is finished, because its callback did not submit it again. */
  boolean isFinished() {
    return phase == Phase.COMPLETING;
  }

  /** Makes the request free, and returns its failure or null. */
  @Nullable PcacheException clear() {
    PcacheException had = failure;
    runs.removeAll();
    ReadBuffer buffer = readBuffer;
    if (buffer != null) {
      readBuffer = null;
      readBuffers.put(buffer);
    }
    parent = null;
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

  /** For {@link RequestQueue}: sets the next request. */
  void linkNext(BackingRequest newNext) {
    next = newNext;
  }

  /** For {@link RequestQueue}: returns the next request and clears the link. */
  @Nullable BackingRequest unlinkNext() {
    BackingRequest follower = next;
    next = null;
    return follower;
  }
}
