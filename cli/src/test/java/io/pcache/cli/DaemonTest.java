package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.PcacheStatus;
import io.pcache.agent.Patience;
import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import io.pcache.error.ErrorKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(600)
class DaemonTest {
  @TempDir Path folder;

  private final List<String> events = new CopyOnWriteArrayList<>();
  private final StopRequests stop = new StopRequests();
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);
  private final ProgressDisplay display = new ProgressDisplay(err, false);
  private final Stopping stopping = new Stopping(Duration.ofSeconds(1), display);

  @Test
  void itStopsFromTheOutsideIn() throws IOException {
    daemon(new FakeCache(events), this::nothing).run(stop, started -> stop.request());
    assertThat(events).containsExactly("start clients", "close clients", "close cache");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void itAnswersWhileItServes() throws IOException {
    Consumer<FrontEnd> askThenStop =
        _ -> {
          try {
            events.add(String.valueOf(RunningDaemon.ask(socket(), ControlRequest.TABLE).text()));
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          stop.request();
        };
    daemon(new FakeCache(events), this::nothing).run(stop, askThenStop);
    assertThat(events).contains(Samples.status().toDmTableLine());
  }

  @Test
  void itTellsWhoUsesIt() throws IOException {
    List<ClientsStatus> told = new CopyOnWriteArrayList<>();
    Consumer<FrontEnd> askThenStop =
        _ -> {
          try {
            told.add(RunningDaemon.ask(socket(), ControlRequest.STATUS).clients());
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          stop.request();
        };
    daemon(new FakeCache(events), this::nothing).run(stop, askThenStop);
    assertThat(told).containsExactly(Samples.clients());
  }

  @Test
  void whatStaysDirtyIsToldAtTheEnd() throws IOException {
    daemon(new FakeCache(events), this::nothing).run(stop, started -> stop.request());
    assertThat(said()).contains("11.8 MiB stay in the cache");
  }

  @Test
  void aFrontEndThatDoesNotStartLeavesNothingOpen() {
    FrontEnd.Starter failing =
        _ -> {
          throw new BadOptionException("address in use");
        };
    Daemon daemon =
        new Daemon(() -> new FakeCache(events), socket(), failing, this::nothing, stopping, err);
    assertThatThrownBy(() -> daemon.run(stop, _ -> {})).hasMessage("address in use");
    assertThat(events).containsExactly("close cache");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aDrainComesBetweenTheLastClientAndTheClose() throws IOException {
    assertThat(daemon(new FakeCache(events), drain()).run(stop, started -> stop.request()))
        .isZero();
    assertThat(events).containsExactly("start clients", "close clients", "drain", "close cache");
    assertThat(said()).contains("everything is written back").doesNotContain("stay in the cache");
  }

  @Test
  void aSecondRequestGivesUpTheDrainAndStillCloses() throws IOException {
    stop.request();
    stop.request();
    Daemon daemon = daemon(FakeCache.neverDrained(events, Samples.status()), drain());
    assertThat(daemon.run(stop, _ -> {})).isEqualTo(Failure.EXIT_OTHER);
    assertThat(events).contains("close clients").endsWith("close cache");
    assertThat(said())
        .contains("given up; 11.8 MiB are not written back")
        .contains("11.8 MiB stay in the cache");
  }

  @Test
  void aDrainThatIsGivenUpWhileTheBackingDeviceFailsSaysSo() throws IOException {
    PcacheStatus failing =
        Samples.status(1024, List.of(), "backing-off", List.of("write-back: no space left"));
    stop.request();
    stop.request();
    assertThat(daemon(FakeCache.neverDrained(events, failing), drain()).run(stop, _ -> {}))
        .isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
    assertThat(said()).contains("write-back: no space left", "when the backing device works");
  }

  @Test
  @DisplayName("hazard 30: a drain in which nothing moves is given up, and the exit code says so")
  void aDrainInWhichNothingMovesIsGivenUp() throws IOException {
    stop.request();
    Daemon daemon = daemon(FakeCache.neverDrained(events, Samples.status()), drain());
    assertThat(daemon.run(stop, _ -> {})).isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
    assertThat(said())
        .contains("nothing was written back for 1 s", "11.8 MiB are not written back")
        .contains("11.8 MiB stay in the cache");
  }

  @Test
  void aDrainThatLeavesWhatWasSetAsideSaysSo() throws IOException {
    stop.request();
    FakeCache cache = new FakeCache(events, new CountDownLatch(0), Samples.withSetAside(512, 512));
    assertThat(daemon(cache, drain()).run(stop, _ -> {}))
        .isEqualTo(ErrorKind.CORRUPT_MEDIA.exitCode());
    assertThat(said())
        .contains("all but damaged data", "set aside: 512 bytes at byte 4096")
        .doesNotContain("stay in the cache");
  }

  @Test
  @DisplayName("hazard 42: what would end with the process is given up only when asked for twice")
  void whatEndsWithTheProcessIsGivenUpOnlyWhenAskedForTwice() throws Exception {
    PcacheStatus deleted = Samples.withFiles(0, "as-opened", "deleted");
    stop.request();
    Daemon daemon = daemon(FakeCache.neverDrained(events, deleted), this::nothing);
    CompletableFuture<Integer> exitCode =
        CompletableFuture.supplyAsync(() -> {
          try {
            return daemon.run(stop, _ -> {});
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    await().until(() -> said().contains("asking to stop once more"));
    assertThat(said()).contains("it was deleted, copy it");
    assertThat(events).doesNotContain("close cache");
    stop.request();
    assertThat(exitCode.get()).isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
    assertThat(events).endsWith("close cache");
  }

  @Test
  void aDeletedCacheThatIsWrittenBackLosesNothing() throws IOException {
    stop.request();
    FakeCache cache = FakeCache.neverDrained(events, Samples.withFiles(0, "deleted", "as-opened"));
    assertThat(daemon(cache, this::nothing).run(stop, _ -> {})).isZero();
  }

  @Test
  @DisplayName("hazard 42: nothing is said to stay in a file that is gone")
  void nothingIsSaidToStayInADeletedOrACutCacheFile() {
    assertThat(new Remainder(Samples.withFiles(1 << 20, "deleted", "as-opened")).lines().getFirst())
        .contains("1.00 MiB are only in the cache, whose file was deleted");
    assertThat(new Remainder(Samples.withFiles(1 << 20, "cut", "as-opened")).lines().getFirst())
        .contains("does not open again until its file is restored to all of its length");
    assertThat(new Remainder(Samples.withFiles(1 << 20, "moved", "as-opened")).lines().getFirst())
        .contains("not at its path any more");
  }

  @ParameterizedTest
  @CsvSource({"as-opened, moved", "as-opened, cut", "moved, as-opened", "cut, as-opened"})
  @DisplayName("hazard 42: a stop repeats what became of a file, and what to do")
  void aStopRepeatsWhatBecameOfAFile(String cacheFile, String backingFile) {
    assertThat(new Remainder(Samples.withFiles(0, cacheFile, backingFile)).lines())
        .contains("a file: it was deleted, copy it");
  }

  @Test
  @DisplayName("hazard 42: a lost cache file in which nothing was dirty can be made anew")
  void aCacheFileThatWasLostWithNothingDirtyIsSaidToBeReplaceable() {
    assertThat(new Remainder(Samples.withFiles(0, "cut", "as-opened")).lines().getFirst())
        .contains("nothing in the cache was dirty", "truncated", "pcache format --force");
    assertThat(new Remainder(Samples.withFiles(0, "deleted", "as-opened")).lines())
        .singleElement()
        .asString()
        .contains("nothing in the cache was dirty", "deleted", "pcache format");
    assertThat(new Remainder(Samples.withFiles(1 << 20, "cut", "as-opened")).lines())
        .noneMatch(line -> line.contains("nothing in the cache was dirty"));
    assertThat(new Remainder(Samples.withFiles(0, "as-opened", "as-opened")).lines()).isEmpty();
  }

  @Test
  void dirtyDataInACacheThatWasCutIsALoss() throws IOException {
    stop.request();
    FakeCache cut = FakeCache.neverDrained(events, Samples.withFiles(1 << 20, "cut", "as-opened"));
    assertThat(daemon(cut, this::nothing).run(stop, _ -> {}))
        .isEqualTo(ErrorKind.MEDIA_FAILURE.exitCode());
    assertThat(events).endsWith("close cache");
  }

  @Test
  void aCleanCacheThatWasCutLosesNothing() throws IOException {
    stop.request();
    FakeCache cut = FakeCache.neverDrained(events, Samples.withFiles(0, "cut", "as-opened"));
    assertThat(daemon(cut, this::nothing).run(stop, _ -> {})).isZero();
  }

  @Test
  void nothingIsSaidToBeServedNextTimeByADeviceThatFailed() throws IOException {
    stop.request();
    PcacheStatus failed = Samples.status(1024, List.of(), "stopped", List.of("log: it failed"));
    assertThat(daemon(FakeCache.neverDrained(events, failed), this::nothing).run(stop, _ -> {}))
        .isZero();
    assertThat(said()).contains("what the cache device still has of them");
  }

  @Test
  void aDrainThatFailsFailsTheCommandAfterTheClose() {
    ToIntFunction<ServedCache> failing =
        _ -> {
          throw new BackingFailureException("disk.img: gone");
        };
    stop.request();
    assertThatThrownBy(() -> daemon(new FakeCache(events), failing).run(stop, _ -> {}))
        .isInstanceOf(BackingFailureException.class);
    assertThat(events).endsWith("close cache");
  }

  private int nothing(ServedCache cache) {
    assertThat(cache.status()).isNotNull();
    return 0;
  }

  private Path socket() {
    return folder.resolve("c.sock");
  }

  private Drain drain() {
    return new Drain(Drain.Occasion.STOP, stop.second(), stopping.patience(), display, err);
  }

  private Daemon daemon(ServedCache cache, ToIntFunction<ServedCache> beforeClose) {
    return new Daemon(() -> cache, socket(), this::startClients, beforeClose, stopping, err);
  }

  private FrontEnd startClients(BlockDevice device) {
    events.add("start clients");
    return new FrontEnd() {
      @Override
      public List<String> uris() {
        return List.of("nbd://x");
      }

      @Override
      public ClientsStatus clients() {
        return Samples.clients();
      }

      @Override
      public void close(Patience patience) {
        events.add("close clients");
      }
    };
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }
}
