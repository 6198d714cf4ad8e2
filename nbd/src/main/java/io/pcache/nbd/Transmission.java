package io.pcache.nbd;

import io.pcache.block.BlockDevice;
import io.pcache.block.RequestSource;
import io.pcache.error.Invariants;
import io.pcache.error.PcacheException;
import io.pcache.nbd.protocol.Command;
import io.pcache.nbd.protocol.CommandFlag;
import io.pcache.nbd.protocol.ReplyHeader;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.Iterator;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The transmission phase of one connection. Its thread takes requests as they come and gives them
 * to the device; what the device completes right away is answered by the same thread, gathered
 * until the input runs dry, and what completes elsewhere goes to the {@link ReplySender}. Writes
 * that have to be durable are gathered as well, and share a flush.
 *
 * <p>Thread-safety: everything by the connection's thread, but {@link #completed} by any.
 */
final class Transmission implements SocketInput.BeforeWaiting {
  /** A refused payload is skipped up to here; a client that announces more is cut off. */
  private static final long MAX_SKIPPED_BYTES = 2L * NbdServerOptions.MAX_PAYLOAD_BYTES;

  private final Negotiated negotiated;
  private final BlockDevice device;
  private final RequestSource source;
  private final SocketInput input;
  private final ReplyWriter writer;
  private final Admission admission;
  private final BooleanSupplier shuttingDown;
  private final Thread thread = Thread.currentThread();
  private final RequestFrame frame;
  private final RequestCheck check;
  private final RequestPool pool;
  private final ReplySender sender;
  private final StatusExtents extents = new StatusExtents();
  private final Runnable abort;

  /** All that the client has sent is here: it sends no more. */
  private boolean endReceived;

  /** Requests that the device completed on this thread, in order. */
  private @Nullable NbdRequest firstDone;

  private @Nullable NbdRequest lastDone;

  /** Writes that were carried out and have to be made durable before they are answered. */
  private @Nullable NbdRequest uncommitted;

  /**
   * @param writer for replies of this thread
   * @param elsewhere for replies to what completes elsewhere
   */
  Transmission(
      Negotiated negotiated,
      ConnectionResources resources,
      SocketInput input,
      ReplyWriter writer,
      ReplyWriter elsewhere) {
    this.negotiated = negotiated;
    this.device = negotiated.export().device();
    this.source = new RequestSource(device::sourceClosed);
    this.input = input;
    this.writer = writer;
    this.admission = resources.admission();
    this.shuttingDown = resources.shuttingDown();
    this.abort = resources.abort();
    this.frame = new RequestFrame(negotiated.style());
    this.check = new RequestCheck(negotiated);
    this.pool =
        new RequestPool(
            source,
            this::completed,
            thread,
            admission,
            resources.buffers(),
            resources.requestsInFlight());
    this.sender =
        new ReplySender(thread.getName() + "-replies", elsewhere, pool, abort, resources.fail());
  }

  /** The client, to the device; closed when the client is gone. */
  RequestSource source() {
    return source;
  }

  /**
   * Serves until the client is done; then everything in flight is answered. A client that leaves
   * without saying so is gone: what it wrote and what has to wait for room is not carried out. That
   * holds also while this thread waits for admission.
   */
  void run() throws IOException, ProtocolViolation {
    sender.start();
    boolean more = true;
    while (more) {
      if (input.awaitMessage(frame.headerBytes(), frame)) {
        more = serveOne();
      } else {
        source.close();
        more = false;
      }
    }
    flush();
    admission.awaitIdle();
    sender.finish();
  }

  /** Ends what {@link #run} may have left. The channel has been closed. */
  void release() {
    sender.finish();
    for (NbdRequest request = takeDone(); request != null; request = takeDone()) {
      pool.give(request);
    }
    while (uncommitted != null) {
      NbdRequest request = uncommitted;
      uncommitted = request.next;
      pool.give(request);
    }
  }

  private boolean serveOne() throws IOException, ProtocolViolation {
    frame.decode(input.received());
    if (frame.type() == Command.DISC) {
      return false;
    }
    Refusal refusal = shuttingDown.getAsBoolean() ? Refusal.SHUTTING_DOWN : check.refusal(frame);
    if (refusal != null) {
      refuse(refusal);
    } else {
      carryOut();
    }
    return true;
  }

  /**
   * The payload is taken off the wire all the same, so that the next request is found where it is.
   */
  private void refuse(Refusal refusal) throws IOException, ProtocolViolation {
    long payloadBytes = frame.payloadBytes();
    if (Long.compareUnsigned(payloadBytes, MAX_SKIPPED_BYTES) > 0) {
      throw new ProtocolViolation(
          "payload of " + Long.toUnsignedString(payloadBytes) + " bytes, expected at most 32 MiB");
    }
    input.skip(payloadBytes);
    writer.refuse(frame.cookie(), frame.offsetBytes(), refusal);
  }

  private void carryOut() throws IOException {
    switch (frame.type()) {
      case Command.READ -> read();
      case Command.WRITE -> write();
      case Command.BLOCK_STATUS -> blockStatus();
      default -> slow();
    }
  }

  private void read() throws IOException {
    if (uncommitted != null) {
      // The read may have to wait for the backing device, for which no durable write has to wait.
      flush();
    }
    int length = (int) frame.lengthBytes();
    NbdRequest request = take(length);
    request.prepareRead(frame.offsetBytes(), request.payload().prefix(length));
    submit(request);
  }

  private void write() throws IOException {
    int length = (int) frame.lengthBytes();
    NbdRequest request = take(length);
    receivePayload(request, length);
    if (frame.has(CommandFlag.FUA)) {
      request.prepareDurableWrite(frame.offsetBytes(), request.payload().prefix(length));
    } else {
      request.prepareWrite(frame.offsetBytes(), request.payload().prefix(length));
    }
    submit(request);
  }

  private void receivePayload(NbdRequest request, int length) throws IOException {
    boolean received = false;
    try {
      input.receivePayload(request.payload().prefixView(length));
      received = true;
    } finally {
      if (!received) {
        pool.give(request);
      }
    }
  }

  /** What may keep this thread for long inside the device: earlier replies do not wait for it. */
  private void slow() throws IOException {
    flush();
    NbdRequest request = take(0);
    switch (frame.type()) {
      case Command.FLUSH -> request.prepareFlush();
      case Command.CACHE -> request.preparePrefetch(frame.offsetBytes(), frame.lengthBytes());
      default -> prepareWriteZeroes(request);
    }
    submit(request);
  }

  private void prepareWriteZeroes(NbdRequest request) {
    request.prepareWriteZeroes(frame.offsetBytes(), frame.lengthBytes());
    if (frame.has(CommandFlag.FUA)) {
      request.completeWhenDurable();
    }
  }

  private NbdRequest take(int payloadBytes) throws IOException {
    NbdRequest request = pool.tryTake(payloadBytes);
    if (request == null) {
      // The client may wait for these replies before it sends anything that would let us go on.
      flush();
      request = pool.take(payloadBytes, this::lookAfterClient);
    }
    if (request == null) {
      throw new AsynchronousCloseException();
    }
    request.answers(frame);
    return request;
  }

  /** Finds out whether the client is gone while this thread cannot take its next request. */
  private void lookAfterClient() {
    if (endReceived) {
      return;
    }
    try {
      endReceived = input.readAhead();
    } catch (IOException e) {
      // The connection is broken, as any other thread that uses it finds, too.
      abort.run();
    }
    if (endReceived && !RequestsAhead.sayGoodbye(input.received(), frame)) {
      source.close();
    }
  }

  private void submit(NbdRequest request) throws IOException {
    device.submit(request);
    for (NbdRequest done = takeDone(); done != null; done = takeDone()) {
      if (done.isCommitDue()) {
        done.next = uncommitted;
        uncommitted = done;
      } else {
        answer(done);
      }
    }
  }

  private void answer(NbdRequest done) throws IOException {
    try {
      writer.reply(done);
    } finally {
      pool.give(done);
    }
  }

  /** Sends every reply that can be sent now, because the client may wait for just that. */
  @Override
  public void flush() throws IOException {
    // A commit may take long: what needs none does not wait for it.
    writer.flush();
    NbdRequest leader = uncommitted;
    if (leader != null) {
      uncommitted = null;
      leader.prepareCommit(leader.next);
      submit(leader);
      writer.flush();
    }
  }

  private @Nullable NbdRequest takeDone() {
    NbdRequest done = firstDone;
    if (done != null) {
      firstDone = done.next;
      if (firstDone == null) {
        lastDone = null;
      }
    }
    return done;
  }

  /**
   * The device is done with a request. Never blocks: replies are sent by the connection's own
   * threads.
   */
  private void completed(NbdRequest request) {
    if (!isOwnThread() && request.isCommitDue()) {
      request.prepareCommit(null);
      device.submit(request);
      return;
    }
    PcacheException cause = request.cause();
    NbdRequest follower = request.takeFollowers();
    deliver(request);
    while (follower != null) {
      NbdRequest following = follower.next;
      follower.committed(cause);
      deliver(follower);
      follower = following;
    }
  }

  private boolean isOwnThread() {
    return Thread.currentThread() == thread;
  }

  private void deliver(NbdRequest request) {
    if (isOwnThread()) {
      appendDone(request);
    } else if (!sender.offer(request)) {
      pool.give(request);
    }
  }

  private void appendDone(NbdRequest request) {
    request.next = null;
    NbdRequest tail = lastDone;
    lastDone = request;
    if (tail == null) {
      firstDone = request;
    } else {
      tail.next = request;
    }
  }

  private void blockStatus() throws IOException {
    Iterator<MetaContext> contexts = negotiated.contexts().iterator();
    while (contexts.hasNext()) {
      MetaContext context = contexts.next();
      try {
        collect(context);
      } catch (PcacheException e) {
        writer.error(
            frame.cookie(),
            frame.offsetBytes(),
            e.kind().nbdErrno(),
            String.valueOf(e.getMessage()));
        return;
      }
      int flags = contexts.hasNext() ? 0 : ReplyHeader.FLAG_DONE;
      writer.status(frame.cookie(), frame.offsetBytes(), context, extents, flags);
    }
  }

  private void collect(MetaContext context) {
    switch (context) {
      case BASE_ALLOCATION -> extents.set(frame.lengthBytes(), 0);
      case PCACHE_STATE -> {
        int maxExtents = frame.has(CommandFlag.REQ_ONE) ? 1 : StatusExtents.MAX_EXTENTS;
        extents.collect(device, frame.offsetBytes(), frame.lengthBytes(), maxExtents);
        Invariants.check(extents.count() > 0, "a device reports at least one range state");
      }
    }
  }
}
