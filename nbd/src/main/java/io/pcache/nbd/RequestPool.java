package io.pcache.nbd;

import io.pcache.block.RequestSource;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection: each is admitted and gets its buffer here, and leaves both here.
 *
 * <p>Thread-safety: {@link #tryTake} and {@link #take} by the connection's thread, {@link #give} by
 * any.
 */
final class RequestPool {
  private final RequestSource source;
  private final Consumer<NbdRequest> onCompleted;
  private final Thread owner;
  private final Admission admission;
  private final BufferPool buffers;
  private final LongAdder inFlight;

  /** Free ones, for the owner alone. */
  private @Nullable NbdRequest free;

  /**
   * Free ones that other threads gave back; the owner takes the whole stack at once, so nothing can
   * come back under it.
   */
  private final AtomicReference<@Nullable NbdRequest> returned = new AtomicReference<>();

  /**
   * @param source the client
   * @param onCompleted takes over requests that the device is done with
   * @param owner the connection's thread
   */
  RequestPool(
      RequestSource source,
      Consumer<NbdRequest> onCompleted,
      Thread owner,
      Admission admission,
      BufferPool buffers,
      LongAdder inFlight) {
    this.source = source;
    this.onCompleted = onCompleted;
    this.owner = owner;
    this.admission = admission;
    this.buffers = buffers;
    this.inFlight = inFlight;
  }

  /** A request with a buffer for that payload, 0 for none, if the limits allow one now. */
  @Nullable NbdRequest tryTake(int payloadBytes) {
    return equip(admission.tryEnter(footprintBytes(payloadBytes)), payloadBytes);
  }

  /**
   * A request with a buffer, after waiting for the limits; null once the connection is given up.
   *
   * @param look what the thread does now and then while it waits
   */
  @Nullable NbdRequest take(int payloadBytes, Runnable look) {
    return equip(admission.enter(footprintBytes(payloadBytes), look), payloadBytes);
  }

  private static int footprintBytes(int payloadBytes) {
    return payloadBytes == 0 ? 0 : BufferPool.footprintBytes(payloadBytes);
  }

  private @Nullable NbdRequest equip(Admission.@Nullable Share share, int payloadBytes) {
    if (share == null) {
      return null;
    }
    boolean equipped = false;
    try {
      PooledBuffer buffer = payloadBytes == 0 ? null : buffers.take(payloadBytes);
      NbdRequest request = takeFree();
      request.admitted(share, buffer);
      inFlight.increment();
      equipped = true;
      return request;
    } finally {
      if (!equipped) {
        admission.leave(share, footprintBytes(payloadBytes));
      }
    }
  }

  private NbdRequest takeFree() {
    if (free == null) {
      free = returned.getAndSet(null);
    }
    NbdRequest request = free;
    if (request == null) {
      return new NbdRequest(source, onCompleted);
    }
    free = request.next;
    request.next = null;
    return request;
  }

  /** Takes back a request that the device is done with, or never had. */
  void give(NbdRequest request) {
    PooledBuffer buffer = request.detachBuffer();
    Admission.Share share = request.share();
    int bytes = buffer == null ? 0 : buffer.sizeBytes();
    if (buffer != null) {
      buffers.give(buffer);
    }
    if (Thread.currentThread() == owner) {
      request.next = free;
      free = request;
    } else {
      pushReturned(request);
    }
    inFlight.decrement();
    admission.leave(share, bytes);
  }

  private void pushReturned(NbdRequest request) {
    NbdRequest head;
    do {
      head = returned.get();
      request.next = head;
    } while (!returned.compareAndSet(head, request));
  }
}
