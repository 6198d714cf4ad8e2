package io.pcache.nbd;

import io.pcache.agent.Clock;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts the connections of one socket until that is closed.
 *
 * <p>Where the system has no descriptors or memory for another connection, who wants one waits.
 * That is said once a minute and not for every attempt.
 *
 * <p>Thread-safety: none; one thread runs it.
 */
public final class AcceptLoop {
  private static final Logger LOG = LoggerFactory.getLogger(AcceptLoop.class);

  /** How long to leave the system alone when it has no place for another connection. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final String name;
  private final ServerSocketChannel socket;
  private final Taker taker;
  private final Clock clock;
  private final LogPace pace;
  private long failures;

  /** Takes over a connection that was accepted. */
  @FunctionalInterface
  public interface Taker {
    /**
     * Takes it over, and closes it when done. One that could not be taken over, which an exception
     * says, is closed by the caller.
     *
     * @throws IOException where the connection turns out unusable
     */
    void take(SocketChannel connection) throws IOException;
  }

  /**
   * A loop that has not begun.
   *
   * @param name of the socket, for the log
   * @param socket in blocking mode; closing it ends the loop
   * @param clock pauses after a failure, and decides how often one is said
   */
  public AcceptLoop(String name, ServerSocketChannel socket, Taker taker, Clock clock) {
    this.name = name;
    this.socket = socket;
    this.taker = taker;
    this.clock = clock;
    this.pace = new LogPace(clock, 1);
  }

  /** Accepts connections; returns once the socket is closed. */
  public void run() {
    while (socket.isOpen()) {
      try {
        handOver(socket.accept());
      } catch (ClosedChannelException e) {
        LOG.debug("{} no longer listens", name);
      } catch (IOException | OutOfMemoryError e) {
        say(e);
        clock.pause(PAUSE_NANOS);
      }
    }
  }

  private void handOver(SocketChannel connection) throws IOException {
    boolean taken = false;
    try {
      taker.take(connection);
      taken = true;
    } finally {
      if (!taken) {
        connection.close();
      }
    }
  }

  private void say(Throwable failure) {
    failures++;
    if (!pace.admits()) {
      LOG.debug("{}: a connection could not be accepted: {}", name, failure.toString());
      return;
    }
    LOG.warn(
        "{}: connections cannot be accepted and have to wait: {} ({} times so far)",
        name,
        failure.getMessage(),
        failures);
  }
}
