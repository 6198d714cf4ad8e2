package io.pcache.nbd;

import io.pcache.agent.Clock;
import io.pcache.block.RequestSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client. Its handshake runs on a virtual thread, its transmission on a thread of its own. It
 * leaves nothing behind: whichever way it ends, the channel is closed, its threads end, and
 * requests still with the device return their buffers when they complete.
 *
 * <p>Its own threads do channel I/O and are never interrupted: that would close the channel under
 * whoever uses it. They are released by {@link #abort}.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class Connection {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private final HandshakeChannel channel;
  private final String peer;
  private final ServerShared shared;
  private final Consumer<Connection> onEnd;
  private final Admission admission;
  private final StallClock sendClock = new StallClock();
  private final StallClock receiveClock = new StallClock();
  private final long startedNanos;
  private final long sinceEpochMillis;

  /** Known once the handshake is over. */
  private volatile @Nullable Export export;

  /** Known once somebody has asked. */
  private volatile @Nullable String user;

  /** Written by the watchdog alone. */
  private volatile long stalledNanos;

  private volatile @Nullable RequestSource source;

  Connection(
      HandshakeChannel channel,
      String peer,
      ServerShared shared,
      Clock clock,
      Consumer<Connection> onEnd) {
    this.channel = channel;
    this.peer = peer;
    this.shared = shared;
    this.onEnd = onEnd;
    this.startedNanos = clock.nanoTime();
    this.sinceEpochMillis = clock.epochMillis();
    this.admission = shared.newAdmission();
  }

  /** A part of the connection's life. */
  @FunctionalInterface
  private interface Stage {
    /** Carries it out. Returns whether another stage has taken over. */
    boolean run() throws IOException, ProtocolViolation;
  }

  void start() {
    Thread unused =
        Thread.ofVirtual().name("nbd-handshake-" + peer).start(() -> carryOut(this::shakeHands));
  }

  private void carryOut(Stage stage) {
    boolean goesOn = false;
    try {
      goesOn = stage.run();
    } catch (ProtocolViolation e) {
      shared.dismissals().add(Dismissal.PROTOCOL_VIOLATION, peer, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      LOG.debug("{} lost: {}", peer, e.toString());
    } catch (RuntimeException | Error e) {
      fail(e);
    } finally {
      if (!goesOn) {
        LOG.debug("{} closed", peer);
        abort();
        onEnd.accept(this);
      }
    }
  }

  private boolean shakeHands() throws IOException, ProtocolViolation {
    LOG.debug("{} connected", peer);
    SocketOutput output = new SocketOutput(channel, sendClock);
    PendingReplies pending = new PendingReplies();
    InputBuffer buffer = new InputBuffer(shared.socketBuffers(), shared.readAheadPermits());
    SocketInput input = new SocketInput(channel, output, buffer, receiveClock, pending);
    boolean goesOn = false;
    try {
      Negotiated negotiated =
          new Negotiation(
                  shared.exports(), input, new OptionReplies(output), shared::isShuttingDown)
              .run();
      if (negotiated != null) {
        channel.finish();
        goesOn = startTransmission(() -> transmit(negotiated, input, output, pending));
      }
      return goesOn;
    } finally {
      if (!goesOn) {
        input.close();
      }
    }
  }

  private boolean startTransmission(Stage transmission) {
    Thread thread =
        Thread.ofPlatform()
            .name("nbd-" + peer)
            .daemon(true)
            .unstarted(() -> carryOut(transmission));
    try {
      thread.start();
      return true;
    } catch (OutOfMemoryError e) {
      LOG.debug("{}: no thread", peer, e);
      cutOff(Dismissal.NO_RESOURCES, "its threads could not be started");
      return false;
    }
  }

  private static ByteBuffer view(PooledBuffer buffer) {
    return buffer.prefixView(buffer.sizeBytes());
  }

  private boolean transmit(
      Negotiated negotiated, SocketInput input, SocketOutput output, PendingReplies pending)
      throws IOException, ProtocolViolation {
    LOG.debug(
        "{} uses export '{}', {} replies", peer, negotiated.export().name(), negotiated.style());
    export = negotiated.export();
    try (input) {
      input.handshakeIsOver(shared.busyPollPermits());
      output.handshakeIsOver();
      transmitBuffered(negotiated, input, output, pending);
    }
    return false;
  }

  private void transmitBuffered(
      Negotiated negotiated, SocketInput input, SocketOutput output, PendingReplies pending)
      throws IOException, ProtocolViolation {
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
        this::abort,
        this::fail);
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

  /** Gives the connection up because of a fault that is not the client's. */
  private void fail(Throwable fault) {
    shared.dismissals().count(Dismissal.SERVER_FAULT);
    LOG.error("{} cut off because of a fault in the server or its device", peer, fault);
    abort();
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

  /** When it connected. */
  long startedNanos() {
    return startedNanos;
  }

  /** What the client is doing. */
  ConnectionStatus status() {
    Export chosen = export;
    return new ConnectionStatus(
        peer,
        user(),
        chosen == null ? null : chosen.name(),
        sinceEpochMillis,
        admission.requestsInFlight(),
        admission.bytesInFlight());
  }

  private @Nullable String user() {
    String known = user;
    if (known == null) {
      known = UnixPeer.userOf(channel.socket());
      user = known;
    }
    return known;
  }

  /**
   * Looks how the client gets on, and gives it up where its handshake takes too long. Where the
   * connection's thread waits for admission, it looks whether the client is still there. Called by
   * the watchdog alone.
   */
  void look(long nowNanos) {
    if (export == null && nowNanos - startedNanos > shared.options().handshakeTimeout().toNanos()) {
      cutOff(Dismissal.HANDSHAKE_TIMEOUT, "the handshake took too long");
    }
    stalledNanos = Math.max(sendClock.look(nowNanos), receiveClock.look(nowNanos));
    admission.setClientStalled(isStalled());
    admission.remind();
  }

  /**
   * Whether the client has stood still in the middle of a message for longer than it may while
   * others wait. For the watchdog.
   */
  boolean isStalled() {
    return stalledNanos >= shared.options().stallTimeout().toNanos();
  }

  /** For how long it has, when looked at last. */
  long stalledNanos() {
    return stalledNanos;
  }

  /** What it holds of the memory of all, or stands in line for. */
  long claimedBytes() {
    return admission.claimedBytes();
  }

  /** Whether it was given up, and is about to let go what it has. */
  boolean isGivenUp() {
    return !channel.isOpen();
  }

  /** Gives the client up because others wait for memory. */
  void cutOffForMemory() {
    cutOff(
        Dismissal.STALLED,
        "it stood still in the middle of a message for %d s, holding %d KiB of memory that others waited for"
            .formatted(
                TimeUnit.NANOSECONDS.toSeconds(stalledNanos), admission.sharedBytes() >> 10));
  }

  /** Gives the client up because the server closes and cannot wait any longer. */
  void cutOffUnfinished() {
    cutOff(
        Dismissal.UNFINISHED,
        "%d of its requests were not done in time when the server closed"
            .formatted(admission.requestsInFlight()));
  }

  private void cutOff(Dismissal why, String details) {
    if (channel.isOpen()) {
      shared.dismissals().add(why, peer, details);
      abort();
    }
  }

  /**
   * Takes no more requests and ends once everything in flight is answered.
   *
   * @return false while there are requests in flight, and it has to be asked again
   */
  boolean endWhenIdle() {
    if (export == null) {
      abort();
      return true;
    }
    if (admission.requestsInFlight() > 0) {
      return false;
    }
    try {
      channel.socket().shutdownInput();
    } catch (IOException e) {
      abort();
    }
    return true;
  }
}
