package io.pcache.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Semaphore;

/**
 * The receiving side of a connection: takes what the socket holds into one large buffer. Before it
 * waits for the client it lets the connection send what it has, because the client may be waiting
 * for just that. Rests of a message follow its start sooner than one message another, so whether it
 * is worth to wait awake is learnt for each alone.
 *
 * <p>Thread-safety: none; used by the connection's thread.
 */
final class SocketInput implements AutoCloseable {
  /** What the buffer holds: the largest option, or many small requests. */
  private static final int BUFFER_BYTES = 1 << 18;

  /** Enough for the options that clients send; who never gets further costs no more. */
  private static final int HANDSHAKE_BUFFER_BYTES = 1 << 12;

  /**
   * Payload with at least this much still to come is received where it belongs, not through the
   * buffer.
   */
  private static final int DIRECT_BYTES = 1 << 14;

  private final SocketChannel channel;
  private final StallClock stallClock;
  private final BeforeWaiting beforeWaiting;
  private final BusyPoll idlePoll;
  private final BusyPoll messagePoll;
  private final BufferPool buffers;
  private PooledBuffer pooled;
  private ByteBuffer buffer;

  /** Judges a message of which only a part has come. */
  @FunctionalInterface
  interface FirstBytes {
    /**
     * Looks at what has come, at least one byte, and leaves the position where it is.
     *
     * @throws ProtocolViolation where that cannot be the start of a message
     */
    void check(ByteBuffer received) throws ProtocolViolation;
  }

  /** Sends whatever is waiting to be sent. */
  @FunctionalInterface
  interface BeforeWaiting {
    void flush() throws IOException;
  }

  /**
   * @param buffers where to take a buffer from, given back by {@link #close}
   * @param turns for waiting awake, shared with the server's other connections
   */
  SocketInput(
      SocketChannel channel,
      BufferPool buffers,
      Semaphore turns,
      StallClock stallClock,
      BeforeWaiting beforeWaiting) {
    this.channel = channel;
    BusyPoll.Source source = Channels.newInputStream(channel)::available;
    this.idlePoll = new BusyPoll(source, turns, System::nanoTime);
    this.messagePoll = new BusyPoll(source, turns, System::nanoTime);
    this.buffers = buffers;
    this.pooled = buffers.take(HANDSHAKE_BUFFER_BYTES);
    this.buffer = pooled.prefixView(HANDSHAKE_BUFFER_BYTES).limit(0);
    this.stallClock = stallClock;
    this.beforeWaiting = beforeWaiting;
  }

  /** From now on many requests may come at a time. */
  void handshakeIsOver() {
    if (buffer.capacity() < BUFFER_BYTES) {
      PooledBuffer larger = buffers.take(BUFFER_BYTES);
      buffer = larger.prefixView(BUFFER_BYTES).put(buffer).flip();
      buffers.give(pooled);
      pooled = larger;
    }
  }

  /** Gives the buffer back. */
  @Override
  public void close() {
    buffers.give(pooled);
  }

  /** What has been received; {@link #await} says how much of it can be counted on. */
  ByteBuffer received() {
    return buffer;
  }

  /**
   * Waits for the start of a message. For the rest of one that has begun it waits only as long as
   * what came may become one.
   *
   * @return false if the client is done and nothing of the message came
   * @throws EOFException if the client left in the middle of it
   */
  boolean awaitMessage(int bytes, FirstBytes firstBytes) throws IOException, ProtocolViolation {
    while (buffer.remaining() < bytes) {
      boolean begun = buffer.hasRemaining();
      if (begun) {
        firstBytes.check(buffer);
      }
      makeRoom(bytes);
      if (!begun && receiveWhileIdle() < 0) {
        return false;
      }
      if (begun) {
        receive(buffer);
        if (buffer.remaining() >= bytes) {
          stallClock.moved();
        }
      }
    }
    return true;
  }

  /** Waits for the rest of a message, at most the buffer's size. */
  void await(int bytes) throws IOException {
    while (buffer.remaining() < bytes) {
      makeRoom(bytes);
      receive(buffer);
    }
  }

  /**
   * Leaves the buffer ready for {@link #received} to be appended to; undone by {@link #receive}.
   */
  private void makeRoom(int bytes) {
    if (bytes > buffer.capacity()) {
      handshakeIsOver();
    }
    if (!buffer.hasRemaining()) {
      buffer.clear().limit(0);
    } else if (buffer.position() + bytes > buffer.capacity() || buffer.remaining() < DIRECT_BYTES) {
      buffer.compact().flip();
    }
  }

  private int receiveWhileIdle() throws IOException {
    beforeWaiting.flush();
    boolean unused = idlePoll.await();
    return append();
  }

  private void receive(ByteBuffer destination) throws IOException {
    // What follows from a message in the next moment waits for no reply.
    boolean atHand = destination == buffer && messagePoll.await();
    if (!atHand) {
      beforeWaiting.flush();
    }
    stallClock.begin();
    try {
      int count = destination == buffer ? append() : channel.read(destination);
      if (count < 0) {
        throw new EOFException("the client left in the middle of a message");
      }
      stallClock.received(count);
    } finally {
      stallClock.end();
    }
  }

  private int append() throws IOException {
    int start = buffer.position();
    int end = buffer.limit();
    buffer.limit(buffer.capacity()).position(end);
    int count = -1;
    try {
      count = channel.read(buffer);
    } finally {
      buffer.limit(Math.max(end, end + count)).position(start);
    }
    return count;
  }

  /** Fills the destination with the bytes that follow. */
  void receivePayload(ByteBuffer destination) throws IOException {
    takeReceived(destination);
    if (destination.hasRemaining()) {
      receiveRest(destination);
      stallClock.moved();
    }
  }

  private void receiveRest(ByteBuffer destination) throws IOException {
    while (destination.hasRemaining()) {
      if (destination.remaining() >= DIRECT_BYTES) {
        receive(destination);
      } else {
        await(destination.remaining());
        takeReceived(destination);
      }
    }
  }

  private void takeReceived(ByteBuffer destination) {
    int count = Math.min(buffer.remaining(), destination.remaining());
    destination.put(destination.position(), buffer, buffer.position(), count);
    destination.position(destination.position() + count);
    buffer.position(buffer.position() + count);
  }

  /** Throws away the bytes that follow. */
  void skip(long bytes) throws IOException {
    long left = bytes;
    while (left > 0) {
      await(1);
      int count = (int) Math.min(left, buffer.remaining());
      buffer.position(buffer.position() + count);
      left -= count;
    }
    stallClock.moved();
  }
}
