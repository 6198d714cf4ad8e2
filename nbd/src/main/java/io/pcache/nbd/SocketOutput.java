package io.pcache.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sending side of a connection. Each call sends whole messages; calls exclude one another. A
 * client that takes nothing blocks the caller until the channel is closed, so only the connection's
 * own threads come here.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class SocketOutput {
  /** The most that one system call is given, so that a slow transfer is seen to move. */
  private static final int STEP_BYTES = StallClock.STEP_BYTES;

  private final SocketChannel channel;
  private WritableByteChannel destination;
  private final StallClock stallClock;
  private final ReentrantLock lock = new ReentrantLock();
  private final ByteBuffer[] pair = new ByteBuffer[2];

  /** Sends over a handshake's channel until {@link #handshakeIsOver}. */
  SocketOutput(HandshakeChannel handshake, StallClock stallClock) {
    this.channel = handshake.socket();
    this.destination = handshake;
    this.stallClock = stallClock;
  }

  /** From now on messages go straight to the socket, and may have payload. */
  void handshakeIsOver() {
    destination = channel;
  }

  /** Sends what remains in the buffer. */
  void send(ByteBuffer messages) throws IOException {
    lock.lock();
    try {
      stallClock.begin();
      sendInSteps(messages);
    } finally {
      stallClock.end();
      lock.unlock();
    }
  }

  /** Sends what remains in the buffer and, behind it, what remains of a payload. */
  void send(ByteBuffer messages, ByteBuffer payload) throws IOException {
    lock.lock();
    try {
      stallClock.begin();
      sendTogether(messages, payload);
      sendInSteps(messages);
      sendInSteps(payload);
    } finally {
      stallClock.end();
      lock.unlock();
    }
  }

  /**
   * Keeps all from sending until {@link #resume}.
   *
   * @return false if somebody sends just now, and nothing is kept then
   */
  boolean tryPause() {
    return lock.tryLock();
  }

  /** Lets them send again; called by the thread that has paused them. */
  void resume() {
    lock.unlock();
  }

  /** One gathered write spares the header a packet of its own. */
  private void sendTogether(ByteBuffer messages, ByteBuffer payload) throws IOException {
    int end = payload.limit();
    payload.limit(Math.min(end, payload.position() + STEP_BYTES));
    pair[0] = messages;
    pair[1] = payload;
    try {
      long unused = channel.write(pair);
    } finally {
      payload.limit(end);
    }
    stallClock.moved();
  }

  private void sendInSteps(ByteBuffer buffer) throws IOException {
    int end = buffer.limit();
    try {
      while (buffer.position() < end) {
        buffer.limit(Math.min(end, buffer.position() + STEP_BYTES));
        int unused = destination.write(buffer);
        stallClock.moved();
      }
    } finally {
      buffer.limit(end);
    }
  }
}
