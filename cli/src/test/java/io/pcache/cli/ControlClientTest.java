package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.backing.FileBackingStore;
import io.pcache.testkit.Command;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
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
  void aLockedCacheForWhichNobodyAnswersHasAProcess() throws IOException {
    Path cache = SparseFiles.create(folder.resolve("c"), 4096);
    try (FileBackingStore _ = FileBackingStore.open(cache)) {
      CommandRun run = CommandRun.of("status", "--cache", cache.toString());
      assertThat(run.err())
          .contains(cache + ": a process has this cache open", "does not answer", "--socket")
          .hasLineCount(1);
      assertThat(run.exitCode()).isEqualTo(17);
    }
  }

  @Test
  void aLockedCacheWhoseSocketIsDeadHasAProcess() throws IOException {
    Path cache = SparseFiles.create(folder.resolve("c"), 4096);
    leaveSocket(folder.resolve("c.pcache.sock"));
    CommandRun killed = CommandRun.of("status", "--cache", cache.toString());
    assertThat(killed.err()).contains("one that was killed left the socket");
    assertThat(killed.exitCode()).isEqualTo(17);
    try (FileBackingStore _ = FileBackingStore.open(cache)) {
      CommandRun run = CommandRun.of("status", "--cache", cache.toString());
      assertThat(run.err()).contains(cache + ": a process has this cache open").hasLineCount(1);
      assertThat(run.exitCode()).isEqualTo(17);
    }
  }

  private static void leaveSocket(Path socket) throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
    }
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
