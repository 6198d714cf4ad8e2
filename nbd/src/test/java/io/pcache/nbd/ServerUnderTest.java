package io.pcache.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.agent.Clock;
import io.pcache.agent.SystemClock;
import io.pcache.block.BlockDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * A server on a Unix socket in a directory of its own. Closing it proves that nothing has leaked.
 */
final class ServerUnderTest implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private final Path directory;
  private final NbdServer server;

  private ServerUnderTest(Path directory, NbdServer server) {
    this.directory = directory;
    this.server = server;
  }

  static ServerUnderTest serving(BlockDevice device) {
    return serving(Map.of("", device), options -> options);
  }

  static ServerUnderTest serving(
      Map<String, BlockDevice> exports, UnaryOperator<NbdServerOptions.Builder> settings) {
    return serving(exports, settings, SystemClock.INSTANCE);
  }

  static ServerUnderTest serving(
      Map<String, BlockDevice> exports,
      UnaryOperator<NbdServerOptions.Builder> settings,
      Clock clock) {
    try {
      Path directory = Files.createTempDirectory("nbd");
      ListenAddress address = new ListenAddress.Unix(directory.resolve("socket"));
      NbdServerOptions options = settings.apply(NbdServerOptions.builder().listen(address)).build();
      return new ServerUnderTest(directory, NbdServer.start(options, exports, clock));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  NbdServer server() {
    return server;
  }

  Path socket() {
    return directory.resolve("socket");
  }

  ListenAddress address() {
    return server.addresses().getFirst();
  }

  String uri() {
    return server.uris().getFirst();
  }

  NbdServerStatus status() {
    return server.status();
  }

  /** Clients that were not let in. */
  long refused() {
    return sum(status().refused());
  }

  /** Clients that were cut off. */
  long cutOff() {
    return sum(status().cutOff());
  }

  long dismissed(Dismissal why) {
    return status().dismissals().getOrDefault(why, 0L);
  }

  private static long sum(Map<Dismissal, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  RawClient connect() throws IOException {
    return RawClient.connect(address());
  }

  RawClient start(ReplyStyle style, String... contexts) throws IOException {
    return RawClient.start(address(), style, contexts);
  }

  /**
   * Starts a client, and waits until the server knows that its handshake is over. Before that, time
   * that passes on the server's clock counts for the handshake.
   */
  RawClient startServed(ReplyStyle style) throws IOException {
    Set<String> before = peersInTransmission();
    RawClient client = start(style);
    eventually(() -> !before.containsAll(peersInTransmission()));
    return client;
  }

  private Set<String> peersInTransmission() {
    return status().connections().stream()
        .filter(connection -> connection.export() != null)
        .map(ConnectionStatus::peer)
        .collect(Collectors.toSet());
  }

  void awaitNoConnections() {
    eventually(() -> status().connectionsOpen() == 0);
  }

  void awaitNothingInFlight() {
    eventually(() -> status().requestsInFlight() == 0 && status().payloadBytesInFlight() == 0);
  }

  /** Waits for what other threads are about to bring about. */
  static void eventually(Callable<Boolean> fact) {
    await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(fact);
  }

  @Override
  public void close() {
    awaitNothingInFlight();
    server.close();
    assertThat(status().connectionsOpen()).isZero();
    assertThat(status().requestsInFlight()).isZero();
    assertThat(status().payloadBytesInFlight()).isZero();
    assertThat(status().socketBufferBytes()).isZero();
    assertThat(directory).isEmptyDirectory();
    eventually(() -> threadsOf(directory).isEmpty());
    try {
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Thread> threadsOf(Path directory) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains(directory.toString()))
        .toList();
  }
}
