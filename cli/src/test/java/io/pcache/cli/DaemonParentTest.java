package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.FormatOptions;
import io.pcache.Pcache;
import io.pcache.testkit.Command;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher as the daemon's parent: to who started it, the two are one process. */
@Timeout(600)
class DaemonParentTest {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final int KILLED = 128 + 9;

  /** Also where this process was started with a signal ignored, as by nohup. */
  private static final String SERVE =
      "exec env --default-signal=INT,TERM,HUP \"$PCACHE\" serve --cache cache --backing backing"
          + " --listen unix:nbd.sock";

  /** Instead of Java: stops until it is told to end, and may be silent for one second and five. */
  private static final String STOPS_SLOWLY =
      """
      #!/bin/bash
      for word; do
        case $word in
          -Dpcache.launcher.requests=*) requests=${word#*=} ;;
          -Dpcache.launcher.reports=*) reports=${word#*=} ;;
        esac
      done
      echo "serves 1" >"$reports"
      touch serving
      read -r <"$requests"
      touch stopping
      until [[ -e resumed ]]; do
        echo stops >"$reports"
        sleep 0.1
      done
      echo "ends 0" >"$reports"
      """;

  /** Instead of Java: a signal reaches it as the first thing. */
  private static final String YOUNG =
      """
      #!/bin/bash
      kill -USR1 $$
      kill -ALRM $$
      kill -RTMIN $$
      kill -USR1 $PPID
      kill -RTMAX $PPID
      exit 7
      """;

  @TempDir private static Path folder;
  private static Path cache = Path.of("");

  private final Path log = folder.resolve("log");
  private final List<ProcessHandle> started = new ArrayList<>();

  @BeforeAll
  static void makeDisk() throws IOException {
    cache = folder.resolve("cache");
    Pcache.format(FormatOptions.of(cache).withSizeBytes(512L << 20));
    SparseFiles.create(folder.resolve("backing"), 1L << 30);
  }

  @AfterEach
  void endAll() {
    for (ProcessHandle process : started) {
      process.destroyForcibly();
    }
    started.forEach(process -> process.onExit().join());
  }

  private Process start(String script) throws IOException {
    Process launcher =
        LauncherShell.of(folder, script)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(Redirect.to(log.toFile()))
            .start();
    started.add(launcher.toHandle());
    return launcher;
  }

  private Process serve(String script) throws IOException {
    Process launcher = start(script);
    await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> RunningDaemon.status(cache).sizeBytes() == 1L << 30);
    started.add(daemonOf(launcher));
    return launcher;
  }

  private static ProcessHandle daemonOf(Process launcher) {
    return launcher.children().findFirst().orElseThrow();
  }

  private static void kill(String signal, long... processes)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(signal));
    for (long process : processes) {
      words.add(String.valueOf(process));
    }
    Command.run("kill", words.toArray(new String[0])).succeeded();
  }

  private static void awaitEnd(ProcessHandle process) {
    await().atMost(LIMIT).until(() -> !process.isAlive());
  }

  private int exitCode(Process launcher) throws IOException, InterruptedException {
    assertThat(launcher.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
        .as(Files.readString(log))
        .isTrue();
    return launcher.exitValue();
  }

  @DisplayName("hazard 30: a killed launcher leaves no daemon behind that goes on serving")
  @ParameterizedTest
  @ValueSource(strings = {"", "PATH=$PWD/without-setpriv:$PATH; "})
  void theDaemonEndsWithAKilledLauncher(String path) throws Exception {
    Path without = Files.createDirectories(folder.resolve("without-setpriv")).resolve("setpriv");
    Files.writeString(without, "#!/bin/sh\nexit 1\n");
    assertThat(without.toFile().setExecutable(true)).isTrue();
    Process launcher = serve(path + SERVE);
    ProcessHandle daemon = daemonOf(launcher);
    kill("-KILL", launcher.pid());
    awaitEnd(daemon);
  }

  @Test
  void theDaemonThatIsKilledEndsTheLauncherWithItsExitCode() throws Exception {
    Process launcher = serve(SERVE);
    kill("-KILL", daemonOf(launcher).pid());
    assertThat(exitCode(launcher)).isEqualTo(KILLED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-TERM", "-INT", "-HUP"})
  void aSignalThatReachesBothIsOneRequest(String signal) throws Exception {
    Process launcher = serve(SERVE);
    kill(signal, launcher.pid(), daemonOf(launcher).pid(), launcher.pid());
    assertThat(exitCode(launcher)).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log)).contains("stopping").doesNotContain("at once");
  }

  /** What the launcher runs by the way gets it too, and must not take the launcher with it. */
  @Test
  void aSignalThatReachesTheWholeGroupStopsTheDaemonInOrder() throws Exception {
    Process launcher = serve(SERVE.replace("exec env", "exec setsid env"));
    String group = "-" + launcher.pid();
    Command.run("bash", "-c", "for i in {1..3000}; do kill -TERM -- " + group + "; done")
        .succeeded();
    // Asked twice it ends at once, if it has not ended by then.
    assertThat(exitCode(launcher)).as(Files.readString(log)).isLessThan(128);
    assertThat(Files.readString(log)).contains("stopping");
  }

  /** Ctrl-Z while it stops, and fg: the launcher has waited as long as for a device that hangs. */
  @Test
  void aPauseDuringAStopDoesNotEndADaemonThatIsWell() throws Exception {
    Path stopping = folder.resolve("stopping");
    Files.writeString(folder.resolve("well"), STOPS_SLOWLY);
    Process launcher =
        start("chmod +x well; . \"${PCACHE%/*}/daemon-parent\"; run_daemon ./well; exit $?");
    await().atMost(LIMIT).until(() -> Files.exists(folder.resolve("serving")));
    ProcessHandle daemon = daemonOf(launcher);
    started.add(daemon);
    kill("-TERM", launcher.pid());
    await().atMost(LIMIT).until(() -> Files.exists(stopping));
    kill("-STOP", launcher.pid(), daemon.pid());
    // Longer than a stop may be silent.
    TimeUnit.SECONDS.sleep(8);
    kill("-CONT", launcher.pid(), daemon.pid());
    Files.createFile(folder.resolve("resumed"));
    assertThat(exitCode(launcher)).as(Files.readString(log)).isZero();
  }

  @Test
  void aSignalBeforeItServesEndsIt() throws Exception {
    Process launcher = start(SERVE);
    await().atMost(LIMIT).until(() -> launcher.children().findFirst().isPresent());
    started.add(daemonOf(launcher));
    kill("-TERM", launcher.pid());
    assertThat(exitCode(launcher)).isIn(0, 128 + 15);
  }

  /** Before the launcher has started Java, and before Java has begun to ignore them. */
  @Test
  void signalsThatMeanNothingEndNoYoungDaemon() throws Exception {
    Path slow = Files.createDirectories(folder.resolve("slow")).resolve("sed");
    Path begun = folder.resolve("begun");
    String sed = Command.run("bash", "-c", "command -v sed").succeeded().strip();
    Files.writeString(
        slow,
        """
        #!/bin/bash
        touch begun
        until [[ -e go ]]; do sleep 0.1; done
        exec %s "$@"
        """
            .formatted(sed));
    assertThat(slow.toFile().setExecutable(true)).isTrue();
    Process launcher = start("PATH=$PWD/slow:$PATH; " + SERVE);
    await().atMost(LIMIT).until(() -> Files.exists(begun));
    kill("-USR1", launcher.pid());
    Files.createFile(folder.resolve("go"));
    await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> {
          for (ProcessHandle child : launcher.children().toList()) {
            // One that has just ended is none of Java's.
            Command.run("kill", "-USR1", String.valueOf(child.pid()));
          }
          return !launcher.isAlive() || RunningDaemon.status(cache).sizeBytes() == 1L << 30;
        });
    assertThat(launcher.isAlive()).as(Files.readString(log)).isTrue();
    kill("-TERM", launcher.pid());
    assertThat(exitCode(launcher)).as(Files.readString(log)).isZero();
  }

  @Test
  void theDaemonIgnoresWhatMeansNothingFromItsBeginning() throws Exception {
    Files.writeString(folder.resolve("young"), YOUNG);
    Process launcher =
        start("chmod +x young; . \"${PCACHE%/*}/daemon-parent\"; run_daemon ./young; exit $?");
    assertThat(exitCode(launcher)).as(Files.readString(log)).isEqualTo(7);
  }

  @Test
  void aCommandThatFailsEndsTheLauncherWithItsExitCode() throws Exception {
    Process launcher = start("exec \"$PCACHE\" serve --cache none --backing backing");
    assertThat(exitCode(launcher)).isEqualTo(2);
    assertThat(ProgressLines.removedFrom(Files.readString(log))).contains("none").hasLineCount(1);
  }
}
