package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.pcache.testkit.ManualClock;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(600)
class AcceptLoopTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(AcceptLoop.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final ManualClock clock = new ManualClock();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
  }

  @Test
  @DisplayName(
      "hazard 37: a lack of descriptors is logged once, and accept is retried after pauses")
  void aSystemWithoutDescriptorsIsSaidOnceAndAskedAgainInPauses() throws IOException {
    List<SocketChannel> taken = new ArrayList<>();
    long startNanos = clock.nanoTime();
    try (FullSystem socket = new FullSystem(10)) {
      new AcceptLoop("test", socket, taken::add, clock).run();
    }
    assertThat(clock.nanoTime() - startNanos).isEqualTo(TimeUnit.SECONDS.toNanos(1));
    assertThat(taken).hasSize(1);
    taken.getFirst().close();
    assertThat(log.list.stream().filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN)))
        .singleElement()
        .satisfies(event ->
            assertThat(event.getFormattedMessage()).contains("test: ", "Too many open files"));
  }

  @Test
  void aConnectionThatCannotBeTakenOverIsClosed() throws IOException {
    List<SocketChannel> refused = new ArrayList<>();
    try (FullSystem socket = new FullSystem(0)) {
      new AcceptLoop(
              "test",
              socket,
              connection -> {
                refused.add(connection);
                throw new SocketException("gone");
              },
              clock)
          .run();
    }
    assertThat(refused).singleElement().satisfies(it -> assertThat(it.isOpen()).isFalse());
  }

  /** A socket of a system that has no descriptor left, then one, and is closed then. */
  private static final class FullSystem extends ServerSocketChannel {
    private int failures;

    FullSystem(int failures) {
      super(SelectorProvider.provider());
      this.failures = failures;
    }

    @Override
    public SocketChannel accept() throws IOException {
      if (failures-- > 0) {
        throw new IOException("Too many open files");
      }
      close();
      return SocketChannel.open();
    }

    @Override
    public ServerSocketChannel bind(SocketAddress local, int backlog) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> T getOption(SocketOption<T> name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
      return Set.of();
    }

    @Override
    public ServerSocket socket() {
      throw new UnsupportedOperationException();
    }

    @Override
    public SocketAddress getLocalAddress() {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void implCloseSelectableChannel() {}

    @Override
    protected void implConfigureBlocking(boolean block) {}
  }
}
