package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class StopSignalsTest {
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

  private static Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            SignalledProcess.class.getName())
        .redirectErrorStream(true)
        .start();
  }

  private static void send(String signal, Process process) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }
}
