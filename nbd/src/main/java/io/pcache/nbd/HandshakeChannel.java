package io.pcache.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection's channel during its handshake. Its reads and writes wait as those of a blocking
 * channel do, but the {@link HandshakeLoop} carries them out. The thread that waits may be virtual.
 *
 * <p>Thread-safety: one thread reads, writes and finishes; {@link #transfer} is for the loop;
 * {@link #close} from any.
 */
final class HandshakeChannel implements ByteChannel {
  private static final Logger LOG = LoggerFactory.getLogger(HandshakeChannel.class);

  private final SocketChannel channel;
  private final SelectionKey key;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock: the transfer that is waited for, if any. */
  private @Nullable ByteBuffer buffer;

  private int operation;
  private int count;
  private @Nullable IOException failure;
  private @Nullable Thread waiter;
  private volatile boolean over;
  private volatile boolean closed;

  /** Wraps a non-blocking channel that was registered without interest in anything. */
  HandshakeChannel(SocketChannel channel, SelectionKey key) {
    this.channel = channel;
    this.key = key;
  }

  /** The channel itself, for use after the handshake. */
  SocketChannel socket() {
    return channel;
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
    return await(SelectionKey.OP_READ, destination);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    return await(SelectionKey.OP_WRITE, source);
  }

  private int await(int wanted, ByteBuffer memory) throws IOException {
    begin(wanted, memory);
    while (!over && !closed) {
      LockSupport.park(this);
    }
    return end();
  }

  private void begin(int wanted, ByteBuffer memory) throws IOException {
    lock.lock();
    try {
      SelectionKey unused = key.interestOps(wanted);
      // Last: what fails before leaves nothing for the loop.
      operation = wanted;
      failure = null;
      over = false;
      waiter = Thread.currentThread();
      buffer = memory;
    } catch (CancelledKeyException e) {
      throw new ClosedChannelException();
    } finally {
      lock.unlock();
    }
    wakeLoop();
  }

  private void wakeLoop() {
    Selector unused = key.selector().wakeup();
  }

  /** From here on the loop does not touch the buffer any more. */
  private int end() throws IOException {
    lock.lock();
    try {
      buffer = null;
      if (!over) {
        throw new ClosedChannelException();
      }
      if (failure != null) {
        throw failure;
      }
      return count;
    } finally {
      lock.unlock();
    }
  }

  /** Carries out what is waited for. The channel is ready, so this does not wait. */
  void transfer() {
    lock.lock();
    try {
      ByteBuffer memory = buffer;
      if (memory == null) {
        return;
      }
      count = operation == SelectionKey.OP_READ ? channel.read(memory) : channel.write(memory);
      if (count != 0) {
        complete();
      }
    } catch (IOException e) {
      failure = e;
      complete();
    } finally {
      lock.unlock();
    }
  }

  private void complete() {
    buffer = null;
    over = true;
    LockSupport.unpark(waiter);
    try {
      SelectionKey unused = key.interestOps(0);
    } catch (CancelledKeyException e) {
      // It was closed just now.
    }
  }

  /** The handshake is over: the loop gives the channel back, in blocking mode. */
  void finish() throws IOException {
    key.cancel();
    wakeLoop();
    SelectableChannel unused = channel.configureBlocking(true);
  }

  /** Closes it, whatever comes of that. */
  void abandon() {
    try {
      close();
    } catch (IOException e) {
      LOG.debug("closing failed: {}", e.toString());
    }
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  /** Closes the channel: whoever waits in it goes on at once. Can be repeated. */
  @Override
  public void close() throws IOException {
    closed = true;
    try {
      channel.close();
    } finally {
      lock.lock();
      try {
        LockSupport.unpark(waiter);
      } finally {
        lock.unlock();
      }
      // Only the next selection releases the descriptor of a channel that is registered.
      wakeLoop();
    }
  }
}
