package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.testkit.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is told where the daemon that is meant cannot be asked. */
@Timeout(600)
class ControlClientTest {
  @TempDir Path folder;

  @Test
  void theDaemonOfADeletedCacheIsAsked() throws IOException {
    Path cache = folder.resolve("c");
    try (FakeDaemon _ =
        FakeDaemon.answering(folder.resolve("c.pcache.sock"), "{\"text\":\"a table\"}\n")) {
      CommandRun run = CommandRun.of("table", "--timeout", "60", "--cache", cache.toString());
      assertThat(run.err()).isEmpty();
      assertThat(run.out()).isEqualTo("a table\n");
    }
  }

  @Test
  void aCacheWithoutASocketMayHaveADaemonElsewhere() throws IOException {
    Path cache = Files.createFile(folder.resolve("c"));
    CommandRun run = CommandRun.of("status", "--cache", cache.toString());
    assertThat(run.err()).contains(cache + ": no pcache serves it", "--socket").hasLineCount(1);
    assertThat(run.exitCode()).isEqualTo(17);
  }

  @Test
  void aFifoIsNotTakenForADaemonThatIsGone() throws IOException, InterruptedException {
    Path fifo = folder.resolve("fifo");
    Command.run("mkfifo", fifo.toString()).succeeded();
    CommandRun run = CommandRun.of("status", "--socket", fifo.toString());
    assertThat(run.err()).contains(fifo + " is not a socket").hasLineCount(1);
    assertThat(run.exitCode()).isEqualTo(2);
  }
}
