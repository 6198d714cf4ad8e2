package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.FormatOptions;
import io.pcache.Pcache;
import io.pcache.testkit.Command;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The daemon under signals, limits and readers that do not suit it. */
@Timeout(600)
class SurroundingsTest {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final String SERVE =
      "exec \"$PCACHE\" serve --cache cache --backing backing --listen unix:nbd.sock";

  /** Their log fills a pipe several times over. */
  private static final int BAD_HANDSHAKES = 2000;

  @TempDir private static Path folder;
  private static Path cache = Path.of("");

  private final List<Process> started = new ArrayList<>();
  private final List<SocketChannel> connections = new ArrayList<>();

  @BeforeAll
  static void makeDisk() throws IOException {
    cache = folder.resolve("cache");
    Pcache.format(FormatOptions.of(cache).withSizeBytes(512L << 20));
    SparseFiles.create(folder.resolve("backing"), 1L << 30);
  }

  @AfterEach
  void endAll() throws IOException, InterruptedException {
    disconnect();
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  /** These end a Java process by default, or are the virtual machine's own. */
  @Test
  void signalsThatMeanNothingAreIgnored() throws Exception {
    Process daemon = start(SERVE, Redirect.DISCARD);
    awaitAnswer();
    ProcessHandle java = daemon.children().findFirst().orElseThrow();
    for (String signal : signalsThatMeanNothing()) {
      Command.run("kill", "-" + signal, pidOf(daemon.toHandle()), pidOf(java)).succeeded();
    }
    awaitAnswer();
    assertThat(java.isAlive()).isTrue();
    assertStopsInOrder(daemon);
  }

  /** The real-time signals are those from 34 on. */
  private static List<String> signalsThatMeanNothing() {
    List<String> signals =
        new ArrayList<>(
            List.of("USR1", "USR2", "ALRM", "VTALRM", "PROF", "IO", "PWR", "STKFLT", "PIPE"));
    IntStream.rangeClosed(34, 64).mapToObj(String::valueOf).forEach(signals::add);
    return signals;
  }

  private static String pidOf(ProcessHandle process) {
    return String.valueOf(process.pid());
  }

  @ParameterizedTest
  @ValueSource(strings = {"serve --cache cache --backing backing", "format new --size 512M"})
  void aLimitOfOpenFilesThatIsTooLowIsNamed(String command) throws Exception {
    assertThat(LauncherShell.output(folder, "ulimit -n 20; exec \"$PCACHE\" " + command))
        .startsWith("pcache: ")
        .contains("20 files", "ulimit -n")
        .endsWith("\nexit 2\n")
        .hasLineCount(2);
  }

  /** Neither the launcher nor Java gets far enough to say so by itself. */
  @ParameterizedTest
  @ValueSource(ints = {4, 5, 7, 9, 10, 12, 15, 19})
  void aLimitThatKeepsTheLauncherFromRunningIsNamed(int limit) throws Exception {
    for (String command :
        List.of("$PCACHE\" serve", "$PCACHE\" status", "${PCACHE%/*}/simulate\"")) {
      assertThat(LauncherShell.output(folder, "ulimit -n " + limit + "; exec \"" + command))
          .contains("raise the limit (ulimit -n, LimitNOFILE), which is " + limit + "\n")
          .endsWith("\nexit 2\n")
          .hasLineCount(2);
    }
  }

  @Test
  void aHeapThatTheMachineDoesNotHaveIsRefusedInOneLine() throws Exception {
    assertThat(
            LauncherShell.output(
                folder, "exec \"$PCACHE\" serve --cache cache --backing backing --heap 100T"))
        .startsWith("pcache: a heap of 100 TiB is more than the memory of this machine")
        .endsWith("\nexit 2\n")
        .hasLineCount(2);
  }

  @DisplayName("hazard 37: running out of descriptors is said once and passes")
  @Test
  void runningOutOfDescriptorsIsSaidOnceAndPasses() throws Exception {
    Path log = folder.resolve("log");
    Process daemon = start("ulimit -n 128; " + SERVE, Redirect.to(log.toFile()));
    awaitAnswer();
    connect(folder.resolve("nbd.sock"), 100);
    connect(folder.resolve("cache.pcache.sock"), 100);
    await().atMost(LIMIT).until(() -> Files.readString(log).contains("Too many open files"));
    disconnect();
    awaitAnswer();
    assertStopsInOrder(daemon);
    assertThat(Files.readString(log).lines().filter(line -> line.contains("Too many open")))
        .hasSizeLessThan(10);
  }

  @DisplayName("hazard 38: a log that nobody reads stops nothing")
  @Test
  void aLogThatNobodyReadsStopsNothing() throws Exception {
    Process daemon = start(SERVE + " --verbose", Redirect.PIPE);
    awaitAnswer();
    for (int i = 0; i < BAD_HANDSHAKES; i++) {
      try (SocketChannel client = SocketChannel.open(nbd())) {
        client.write(
            ByteBuffer.wrap(
                "no client of NBD, and not one of ours at all"
                    .getBytes(StandardCharsets.US_ASCII)));
        ByteBuffer greeting = ByteBuffer.allocate(1 << 10);
        while (client.read(greeting) >= 0 && greeting.hasRemaining()) {
          // Until the server has closed it, and logged that.
        }
      } catch (IOException e) {
        // It closed with bytes of ours unread.
      }
    }
    awaitAnswer();
    assertStopsInOrder(daemon);
    String log = new String(daemon.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(log).contains("pcache: ");
  }

  private Process start(String script, Redirect err) throws IOException {
    Process process =
        LauncherShell.of(folder, script)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(err)
            .start();
    started.add(process);
    return process;
  }

  private static void awaitAnswer() {
    await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> RunningDaemon.status(cache).sizeBytes() == 1L << 30);
  }

  private static UnixDomainSocketAddress nbd() {
    return UnixDomainSocketAddress.of(folder.resolve("nbd.sock"));
  }

  private void connect(Path socket, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      connections.add(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    }
  }

  private void disconnect() throws IOException {
    for (SocketChannel connection : connections) {
      connection.close();
    }
    connections.clear();
  }

  private static void assertStopsInOrder(Process daemon) throws InterruptedException {
    assertThat(daemon.isAlive()).isTrue();
    assertThat(daemon.toHandle().destroy()).isTrue();
    assertThat(daemon.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(daemon.exitValue()).isZero();
  }
}
