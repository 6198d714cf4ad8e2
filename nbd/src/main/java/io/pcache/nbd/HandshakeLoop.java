package io.pcache.nbd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does the I/O of all connections that are in their handshake, on one thread. So such a connection
 * needs no thread of its own, which would take tens of kibibytes for a client that may never start.
 *
 * <p>Virtual threads alone would not do: whatever channel one of them has read stays non-blocking
 * for good, and each later wait of the connection's thread would cost two more system calls.
 *
 * <p>Thread-safety: all methods from any thread.
 */
final class HandshakeLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HandshakeLoop.class);

  /** How long to leave the system alone after a failure. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Selector selector;
  private final Thread thread;

  private HandshakeLoop(Selector selector) {
    this.selector = selector;
    this.thread = Thread.ofPlatform().name("nbd-handshakes").daemon(true).unstarted(this::run);
  }

  /**
   * Starts the thread.
   *
   * @throws UncheckedIOException if the system has no descriptors for it
   */
  static HandshakeLoop start() {
    try {
      HandshakeLoop loop = new HandshakeLoop(Selector.open());
      loop.thread.start();
      return loop;
    } catch (IOException e) {
      throw new UncheckedIOException("no connection can be watched", e);
    }
  }

  /** Takes over a channel until {@link HandshakeChannel#finish}. It becomes non-blocking. */
  HandshakeChannel take(SocketChannel channel) throws IOException {
    SelectableChannel unused = channel.configureBlocking(false);
    SelectionKey key = channel.register(selector, 0);
    HandshakeChannel taken = new HandshakeChannel(channel, key);
    Object unusedToo = key.attach(taken);
    return taken;
  }

  private void run() {
    while (selector.isOpen()) {
      try {
        int unused = selector.select(HandshakeLoop::transfer);
      } catch (ClosedSelectorException e) {
        LOG.debug("no more handshakes");
      } catch (IOException | OutOfMemoryError e) {
        LOG.warn("waiting for clients in their handshake failed: {}", e.toString());
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  /** A fault with one connection is no reason to end the others. */
  private static void transfer(SelectionKey key) {
    HandshakeChannel channel = (HandshakeChannel) key.attachment();
    try {
      channel.transfer();
    } catch (RuntimeException e) {
      LOG.error("a connection in its handshake is closed because of a fault in the server", e);
      channel.abandon();
    }
  }

  /** Ends the thread. A handshake that is still under way does not get on any more. */
  @Override
  public void close() {
    try {
      selector.close();
    } catch (IOException e) {
      LOG.debug("closing the selector failed: {}", e.toString());
    }
    Threads.joinUninterruptibly(thread);
  }
}
