package io.pcache.nbd;

import io.pcache.block.RequestSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client. Runs on a thread of its own, handshake first, then transmission, and leaves nothing
 * behind: whichever way it ends, the channel is closed, its threads end, and requests still with
 * the device return their buffers when they complete.
 *
 * <p>Its threads do channel I/O and are never interrupted: that would close the channel under
 * whoever uses it. They are released by {@link #abort}.
 *
 * <p>Thread-safety: {@link #run} on its own thread, everything else from any.
 */
final class Connection implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private final SocketChannel channel;
  private final String peer;
  private final ServerShared shared;
  private final Consumer<Connection> onEnd;
  private final Thread thread;
  private final Admission admission;
  private final StallClock sendClock = new StallClock();
  private final StallClock receiveClock = new StallClock();
  private final long startedNanos;
  private volatile boolean inTransmission;
  private volatile @Nullable RequestSource source;

  Connection(
      SocketChannel channel,
      String peer,
      ServerShared shared,
      long nowNanos,
      Consumer<Connection> onEnd) {
    this.channel = channel;
    this.peer = peer;
    this.shared = shared;
    this.onEnd = onEnd;
    this.startedNanos = nowNanos;
    this.admission = shared.newAdmission();
    this.thread = Thread.ofPlatform().name("nbd-" + peer).daemon(true).unstarted(this);
  }

  void start() {
    thread.start();
  }

  @Override
  public void run() {
    LOG.debug("{} connected", peer);
    try {
      serve();
      LOG.debug("{} closed", peer);
    } catch (ProtocolViolation e) {
      shared.connectionsDropped().increment();
      LOG.info("{} dropped: {}", peer, e.getMessage());
    } catch (IOException e) {
      LOG.debug("{} lost: {}", peer, e.toString());
    } catch (RuntimeException | Error e) {
      shared.connectionsDropped().increment();
      LOG.error("{} dropped because of a fault in the server or its device", peer, e);
    } finally {
      abort();
      onEnd.accept(this);
    }
  }

  private void serve() throws IOException, ProtocolViolation {
    SocketOutput output = new SocketOutput(channel, sendClock);
    PendingReplies pending = new PendingReplies();
    try (SocketInput input =
        new SocketInput(
            channel, shared.socketBuffers(), shared.turnsAwake(), receiveClock, pending)) {
      OptionReplies replies = new OptionReplies(output);
      Negotiated negotiated =
          new Negotiation(shared.exports(), input, replies, shared::isShuttingDown).run();
      if (negotiated != null) {
        input.handshakeIsOver();
        transmit(negotiated, input, output, pending);
      }
    }
  }

  private static ByteBuffer view(PooledBuffer buffer) {
    return buffer.prefixView(buffer.sizeBytes());
  }

  private void transmit(
      Negotiated negotiated, SocketInput input, SocketOutput output, PendingReplies pending)
      throws IOException, ProtocolViolation {
    LOG.debug(
        "{} uses export '{}', {} replies", peer, negotiated.export().name(), negotiated.style());
    inTransmission = true;
    PooledBuffer ownBuffer = shared.socketBuffers().take(ReplyWriter.BUFFER_BYTES);
    PooledBuffer elsewhereBuffer = shared.socketBuffers().take(ReplyWriter.BUFFER_BYTES);
    try {
      ReplyWriter own = new ReplyWriter(output, negotiated.style(), view(ownBuffer));
      ReplyWriter elsewhere = new ReplyWriter(output, negotiated.style(), view(elsewhereBuffer));
      Transmission transmission = new Transmission(negotiated, resources(), input, own, elsewhere);
      pending.transmission = transmission;
      source = transmission.source();
      runToTheEnd(transmission);
    } finally {
      shared.socketBuffers().give(ownBuffer);
      shared.socketBuffers().give(elsewhereBuffer);
    }
  }

  /** When this returns, no thread of the transmission is left that could use a buffer. */
  private void runToTheEnd(Transmission transmission) throws IOException, ProtocolViolation {
    try {
      transmission.run();
    } finally {
      abort();
      transmission.release();
    }
  }

  private ConnectionResources resources() {
    return new ConnectionResources(
        admission,
        shared.buffers(),
        shared.requestsInFlight(),
        shared::isShuttingDown,
        this::abort);
  }

  /** There are replies to gather only in transmission. */
  private static final class PendingReplies implements SocketInput.BeforeWaiting {
    private @Nullable Transmission transmission;

    @Override
    public void flush() throws IOException {
      if (transmission != null) {
        transmission.flush();
      }
    }
  }

  /** Gives the connection up: every thread that waits in it goes on at once. Can be repeated. */
  void abort() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("{}: closing failed: {}", peer, e.toString());
    }
    admission.abandon();
    RequestSource client = source;
    if (client != null) {
      client.close();
    }
  }

  /** Aborts if the client takes longer than allowed. Called by the watchdog alone. */
  void enforceTimeouts(long nowNanos) {
    if (!inTransmission
        && nowNanos - startedNanos > shared.options().handshakeTimeout().toNanos()) {
      drop("the handshake took too long");
      return;
    }
    long stalled = Math.max(sendClock.stalledNanos(nowNanos), receiveClock.stalledNanos(nowNanos));
    if (stalled > shared.options().stallTimeout().toNanos()) {
      drop("the client stands still in the middle of a message");
    }
  }

  private void drop(String why) {
    if (channel.isOpen()) {
      shared.connectionsDropped().increment();
      LOG.info("{} dropped: {}", peer, why);
      abort();
    }
  }

  /**
   * Takes no more requests and ends once everything in flight is answered.
   *
   * @return false while there are requests in flight, and it has to be asked again
   */
  boolean endWhenIdle() {
    if (!inTransmission) {
      abort();
      return true;
    }
    if (admission.requestsInFlight() > 0) {
      return false;
    }
    try {
      channel.shutdownInput();
    } catch (IOException e) {
      abort();
    }
    return true;
  }

  void join() {
    Threads.joinUninterruptibly(thread);
  }
}
