package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.block.BlockDevice;
import io.pcache.error.BackingFailureException;
import io.pcache.error.BadOptionException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DaemonTest {
  @TempDir Path folder;

  private final List<String> events = new CopyOnWriteArrayList<>();
  private final StopRequests stop = new StopRequests();
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);

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
            events.add(
                String.valueOf(RunningDaemon.client(socket()).call(ControlRequest.TABLE).text()));
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          stop.request();
        };
    daemon(new FakeCache(events), this::nothing).run(stop, askThenStop);
    assertThat(events).contains(Samples.status().toDmTableLine());
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
    Daemon daemon = new Daemon(() -> new FakeCache(events), socket(), failing, this::nothing, err);
    assertThatThrownBy(() -> daemon.run(stop, _ -> {})).hasMessage("address in use");
    assertThat(events).containsExactly("close cache");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aDrainComesBetweenTheLastClientAndTheClose() throws IOException {
    daemon(new FakeCache(events), drain()).run(stop, started -> stop.request());
    assertThat(events).containsExactly("start clients", "close clients", "drain", "close cache");
    assertThat(said()).contains("everything is written back").doesNotContain("stay in the cache");
  }

  @Test
  void aSecondRequestGivesUpTheDrainAndStillCloses() throws IOException {
    stop.request();
    stop.request();
    daemon(new FakeCache(events, new CountDownLatch(1)), drain()).run(stop, _ -> {});
    assertThat(events).contains("close clients").endsWith("close cache");
    assertThat(said()).contains("given up").contains("stay in the cache");
  }

  @Test
  void aDrainThatFailsFailsTheCommandAfterTheClose() {
    Consumer<ServedCache> failing =
        _ -> {
          throw new BackingFailureException("disk.img: gone");
        };
    stop.request();
    assertThatThrownBy(() -> daemon(new FakeCache(events), failing).run(stop, _ -> {}))
        .isInstanceOf(BackingFailureException.class);
    assertThat(events).endsWith("close cache");
  }

  private void nothing(ServedCache cache) {
    assertThat(cache.status()).isNotNull();
  }

  private Path socket() {
    return folder.resolve("c.sock");
  }

  private Consumer<ServedCache> drain() {
    return new Drain(stop, new ProgressDisplay(err, false), err);
  }

  private Daemon daemon(ServedCache cache, Consumer<ServedCache> beforeClose) {
    return new Daemon(() -> cache, socket(), this::startClients, beforeClose, err);
  }

  private FrontEnd startClients(BlockDevice device) {
    events.add("start clients");
    return new FrontEnd() {
      @Override
      public List<String> uris() {
        return List.of("nbd://x");
      }

      @Override
      public void close() {
        events.add("close clients");
      }
    };
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }
}
