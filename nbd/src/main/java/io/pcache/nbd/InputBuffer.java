package io.pcache.nbd;

import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;

/**
 * What a connection receives into. Small during the handshake, larger afterwards. Larger still
 * while the connection's thread waits for admission and receives ahead: only then does it see the
 * end of what a client has sent.
 *
 * <p>Thread-safety: none; used by the connection's thread of the time.
 */
final class InputBuffer implements AutoCloseable {
  /** What the buffer holds: the largest option, or many small requests. */
  private static final int USUAL_BYTES = 1 << 18;

  /** Enough for the options that clients send; who never gets further costs no more. */
  private static final int HANDSHAKE_BYTES = 1 << 12;

  /** More than what the system holds of one connection on its way here, both sides together. */
  static final int MAX_BYTES = 1 << 24;

  /** What all connections of a server may have beyond the usual size. */
  static final int READ_AHEAD_BYTES = 1 << 26;

  private final BufferPool buffers;
  private final Semaphore readAheadPermits;
  private int heldPermits;
  private PooledBuffer pooled;
  private ByteBuffer bytes;

  /**
   * Empty, in the size for the handshake.
   *
   * @param buffers where to take memory from, given back by {@link #close}
   * @param readAheadPermits shared with the server's other connections
   */
  InputBuffer(BufferPool buffers, Semaphore readAheadPermits) {
    this.buffers = buffers;
    this.readAheadPermits = readAheadPermits;
    this.pooled = buffers.take(HANDSHAKE_BYTES);
    this.bytes = pooled.prefixView(HANDSHAKE_BYTES).limit(0);
  }

  /** One for each piece of the usual size. */
  static Semaphore newReadAheadPermits() {
    return new Semaphore(READ_AHEAD_BYTES / USUAL_BYTES);
  }

  /** What has been received, ready to be taken; another one after each change of the size. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** Changes to the usual size. At most that much has been received and not been taken. */
  void useUsualSize() {
    if (bytes.capacity() != USUAL_BYTES) {
      resize(USUAL_BYTES);
      readAheadPermits.release(heldPermits);
      heldPermits = 0;
    }
  }

  /** Whether it is larger than usual. */
  boolean isEnlarged() {
    return bytes.capacity() > USUAL_BYTES;
  }

  /**
   * Makes room behind what has been received.
   *
   * @return false if there is none, and no memory for a larger size
   */
  boolean makeRoomBehind() {
    if (bytes.limit() == bytes.capacity() && bytes.position() > 0) {
      bytes.compact().flip();
    }
    return bytes.limit() < bytes.capacity() || enlarge();
  }

  private boolean enlarge() {
    int addedBytes = bytes.capacity();
    int addedPermits = addedBytes / USUAL_BYTES;
    if (addedBytes >= MAX_BYTES || !readAheadPermits.tryAcquire(addedPermits)) {
      return false;
    }
    heldPermits += addedPermits;
    resize(2 * addedBytes);
    return true;
  }

  private void resize(int sizeBytes) {
    PooledBuffer other = buffers.take(sizeBytes);
    bytes = other.prefixView(sizeBytes).put(bytes).flip();
    buffers.give(pooled);
    pooled = other;
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    buffers.give(pooled);
    readAheadPermits.release(heldPermits);
    heldPermits = 0;
  }
}
