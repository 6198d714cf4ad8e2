package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StopSignalsTest {
  private static final long LIMIT_SECONDS = 240;

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void eachSignalIsOneRequestAndTheProcessEndsByItself(String signal) throws Exception {
    Process process = start();
    try (BufferedReader lines = process.inputReader()) {
      assertThat(lines.readLine()).isEqualTo("ready");
      send(signal, process);
      assertThat(lines.readLine()).isEqualTo("first");
      send(signal, process);
      assertThat(lines.readLine()).isEqualTo("second");
      assertThat(process.waitFor()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void requestsAreCounted() {
    StopRequests requests = new StopRequests();
    assertThat(requests.first()).isNotDone();
    requests.request();
    assertThat(requests.first()).isDone();
    assertThat(requests.second()).isNotDone();
    requests.request();
    assertThat(requests.second()).isDone();
  }

  @Test
  void whatComesByItselfAndThroughTheLauncherIsOneRequest() {
    StopRequests requests = new StopRequests();
    requests.requestedAtLeast(1);
    requests.request();
    assertThat(requests.second()).isNotDone();
    requests.requestedAtLeast(2);
    assertThat(requests.second()).isDone();
  }

  /**
   * Also where this process was started with a signal ignored, as by nohup. The process is ended
   * where it takes too long, so that who reads from it goes on.
   */
  private static Process start() throws IOException {
    Process process =
        new ProcessBuilder(
                "env",
                "--default-signal=INT,TERM,HUP",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                SignalledProcess.class.getName())
            .redirectErrorStream(true)
            .start();
    var _ =
        process
            .onExit()
            .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
            .exceptionally(_ -> process.destroyForcibly());
    return process;
  }

  private static void send(String signal, Process process) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }
}
