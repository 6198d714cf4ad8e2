package io.pcache.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Semaphore;

/**
 * The receiving side of a connection: takes what the socket holds into one large buffer. Before it
 * waits for the client it lets the connection send what it has, because the client may be waiting
 * for just that. Rests of a message follow its start sooner than one message another, so whether it
 * is worth to wait awake is learnt for each alone.
 *
 * <p>Thread-safety: none; used by the connection's thread of the time.
 */
final class SocketInput implements AutoCloseable {
  /**
   * Payload with at least this much still to come is received where it belongs, not through the
   * buffer.
   */
  private static final int DIRECT_BYTES = 1 << 14;

  private final SocketChannel channel;
  private ReadableByteChannel source;
  private final SocketOutput output;
  private final StallClock stallClock;
  private final BeforeWaiting beforeWaiting;
  private BusyPoll idlePoll = BusyPoll.never();
  private BusyPoll messagePoll = BusyPoll.never();
  private final InputBuffer input;

  /** The input's bytes, kept here because every request needs them. */
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
   * @param handshake what to receive from until {@link #handshakeIsOver}
   * @param output the other side of the channel
   * @param input what to receive into, closed by {@link #close}
   */
  SocketInput(
      HandshakeChannel handshake,
      SocketOutput output,
      InputBuffer input,
      StallClock stallClock,
      BeforeWaiting beforeWaiting) {
    this.channel = handshake.socket();
    this.source = handshake;
    this.output = output;
    this.input = input;
    this.buffer = input.bytes();
    this.stallClock = stallClock;
    this.beforeWaiting = beforeWaiting;
  }

  /**
   * From now on many requests may come at a time, straight from the socket.
   *
   * @param turns for waiting awake, shared with the server's other connections
   */
  void handshakeIsOver(Semaphore turns) {
    source = channel;
    BusyPoll.Source polled = Channels.newInputStream(channel)::available;
    idlePoll = new BusyPoll(polled, turns, System::nanoTime);
    messagePoll = new BusyPoll(polled, turns, System::nanoTime);
    input.useUsualSize();
    buffer = input.bytes();
  }

  /** Gives the buffer back. */
  @Override
  public void close() {
    input.close();
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

  /**
   * Takes what the client has sent, as far as there is memory for it, and waits for nothing. For a
   * thread that waits for something else than the client and wants to know whether it is there.
   *
   * @return whether the client has sent its last byte, and that has been taken
   */
  boolean readAhead() throws IOException {
    if (!output.tryPause()) {
      // Who sends to a client that is gone will find out.
      return false;
    }
    try {
      channel.configureBlocking(false);
      boolean ended = takeAll();
      channel.configureBlocking(true);
      return ended;
    } finally {
      output.resume();
    }
  }

  private boolean takeAll() throws IOException {
    int count = 1;
    while (count > 0 && input.makeRoomBehind()) {
      buffer = input.bytes();
      count = append();
    }
    return count < 0;
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
    if (bytes > buffer.capacity() || input.isEnlarged()) {
      input.useUsualSize();
      buffer = input.bytes();
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
      int count = destination == buffer ? append() : source.read(destination);
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
      count = source.read(buffer);
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
