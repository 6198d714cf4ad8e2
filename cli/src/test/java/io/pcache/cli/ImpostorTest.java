package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.agent.Patience;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody else's process on the socket of a control command, or on the other side of a daemon's.
 */
@Timeout(600)
@RequiresTool({"setpriv", "flock"})
@RequiresFile(LibnbdClient.PYTHON)
class ImpostorTest {
  private static final String IMPOSTOR =
      """
      chmod 1777 .
      touch cache mine
      chown 54321 mine
      setpriv --reuid=54321 --regid=54321 --clear-groups /usr/bin/python3 -c '
      import os, socket
      listeners = []
      for name in ("cache.pcache.sock", "mine.pcache.sock"):
        s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen(9); listeners.append(s)
      import select
      print("ready", flush=True)
      while True:
        for s in select.select(listeners, [], [])[0]:
          c, _ = s.accept()
          try:
            c.recv(9999)
            c.sendall(b"{\\"text\\":\\"done \\\\u001b[2J\\"}\\n")
          except OSError:
            pass
          c.close()
      ' >ready &
      impostor=$!
      trap 'kill -9 $impostor 2>/dev/null || true' EXIT
      for ((i = 0; i < 600; i++)); do
        grep -qs ready ready && break
        sleep 0.1
      done
      """;

  @TempDir Path folder;

  @DisplayName("hazard 36: another user's socket is not believed")
  @Test
  void anotherUsersSocketIsNotBelieved() throws Exception {
    String script =
        IMPOSTOR
            + """
            "$PCACHE" table --timeout 60 --socket cache.pcache.sock || echo "table $?"
            "$PCACHE" message --timeout 60 --cache cache gc_percent 5 || echo "message $?"
            """;
    assertThat(LauncherShell.output(folder, script))
        .containsPattern(
            "pcache: .*cache.pcache.sock.* 54321.* --cache, or run as that user\ntable 1\n")
        .containsPattern(
            "pcache: .*cache.pcache.sock.* 54321.* daemon's, run as that user\nmessage 1\n")
        .doesNotContain("done", "\u001b");
  }

  /** It says nothing of the daemon that has no socket of its own to answer on. */
  @Test
  void besideAnotherUsersSocketALockedCacheHasAProcess() throws Exception {
    String script =
        IMPOSTOR
            + """
            exec 8<cache
            flock --exclusive 8
            "$PCACHE" table --timeout 60 --cache cache || echo "table $?"
            """;
    assertThat(LauncherShell.output(folder, script))
        .containsPattern("pcache: cache: a process has this cache open.* 54321.*\ntable 17\n")
        .doesNotContain("done", "\u001b");
  }

  /** Otherwise anybody who may make files there could hide the daemon. */
  @Test
  void anotherUsersSocketIsPassedOverForTheDaemonElsewhere() throws Exception {
    Path userFolder =
        Files.createDirectory(
            folder.resolve("pcache-" + UserIds.own()),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path socket =
        new SocketPlaces(folder.resolve("run"), userFolder)
            .of(folder.resolve("cache"), SocketPlaces.CONTROL_SUFFIX)
            .getLast();
    String script =
        IMPOSTOR
            + """
            export PCACHE_JAVA_OPTS="-Djava.io.tmpdir=$PWD"
            "$PCACHE" table --timeout 60 --cache cache
            """;
    try (FakeDaemon _ = FakeDaemon.answering(socket, "{\"text\":\"a table\"}\n")) {
      assertThat(LauncherShell.output(folder, script))
          .containsPattern("pcache: note: .*/cache.pcache.sock: .* 54321 .* " + socket + "\n")
          .contains("a table\nexit 0\n")
          .doesNotContain("done");
    }
  }

  @Test
  void theOwnerOfTheCacheIsBelieved() throws Exception {
    assertThat(
            LauncherShell.output(folder, IMPOSTOR + "\"$PCACHE\" table --timeout 60 --cache mine"))
        .isEqualTo("done \\x1b[2J\nexit 0\n");
  }

  @Test
  void theOwnerOfTheNamedCacheIsBelievedOnAnySocket() throws Exception {
    String script =
        IMPOSTOR
            + """
            "$PCACHE" table --timeout 60 --socket cache.pcache.sock --cache mine
            """;
    assertThat(LauncherShell.output(folder, script)).isEqualTo("done \\x1b[2J\nexit 0\n");
  }

  /** Nobody can be asked who owns what is gone: that makes nobody else be believed. */
  @Test
  void withoutTheCacheItsOwnerIsNotBelieved() throws Exception {
    String script =
        IMPOSTOR
            + """
            rm mine
            "$PCACHE" table --timeout 60 --cache mine || echo "table $?"
            """;
    assertThat(LauncherShell.output(folder, script))
        .containsPattern("pcache: .*mine.pcache.sock.* 54321.*\ntable 1\n")
        .doesNotContain("done");
  }

  /** The socket's permissions keep others out; who opens them by hand is asked who they are. */
  @Test
  @DisplayName("hazard 36: a daemon answers nobody but root and its own user")
  void aDaemonAnswersNobodyButRootAndItsOwnUser() throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path socket = folder.resolve("c");
    try (ControlServer _ =
        ControlServer.start(socket, _ -> ControlReply.text("a table"), Patience.standard())) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
      String script =
          """
          setpriv --reuid=54321 --regid=54321 --clear-groups /usr/bin/python3 -c '
          import socket
          s = socket.socket(socket.AF_UNIX)
          s.connect("c")
          s.sendall(b"{\\"command\\":\\"table\\"}\\n")
          print(s.recv(9999))'
          """;
      assertThat(LauncherShell.output(folder, script))
          .doesNotContain("a table")
          .contains("root")
          .endsWith("exit 0\n");
    }
  }
}
