package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.PcacheStatus;
import io.pcache.error.ErrorKind;
import io.pcache.testkit.Command;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Devices that neither answer nor fail, met by the daemon as it is shipped: block devices whose
 * server is stopped by SIGSTOP.
 */
@Tag("engine")
@Timeout(600)
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON, "/dev/fuse", "/dev/loop-control"})
@RequiresTool({"nbdkit", "nbdfuse", "losetup", "umount", "nbdsh", "flock"})
class HungDeviceTest {
  private static final long BACKING_BYTES = 1L << 30;
  private static final long CACHE_BYTES = 512L << 20;

  /** For what has to happen before a stop and between two stops. */
  private static final long LIMIT_SECONDS = 240;

  /**
   * The limit of a stop, from its request to the exit code.
   *
   * <p>With {@code --stop-timeout 2}, the waits add up to 15 s at most. The devices and the rest of
   * the stop get 2 s each, or the launcher waits for 10 s of silence. Then the kernel has 4.5 s to
   * let go of the daemon. The drain waits 10 s instead of 2 s. What is left of a minute is for a
   * machine so busy that running code takes six times as long. A lower limit would test that
   * machine.
   */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

  /** More reads than the backing device takes at a time, on several connections. */
  private static final String READ_COLD_AND_WAIT =
      """
      import time
      connections = []
      for c in range(4):
          h = nbd.NBD()
          h.connect_uri(uri)
          connections.append(h)
          for i in range(100):
              h.aio_pread(nbd.Buffer(4096), (512 << 20) + (c * 100 + i) * (1 << 20))
      end = time.monotonic() + 300
      while time.monotonic() < end:
          for h in connections:
              h.poll(100)
      """;

  private static final String WRITE_AND_FLUSH =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      for i in range(100):
          h.pwrite(bytes(1 << 20), i << 20)
          h.flush()
      """;

  @TempDir private Path folder;
  private Path cache = Path.of("");
  private FailingDisk disk;
  private final List<ServedDisk> daemons = new ArrayList<>();
  private final List<Process> clients = new ArrayList<>();

  @BeforeEach
  void makeDisk() throws IOException, InterruptedException {
    cache = folder.resolve("cache");
    disk = FailingDisk.make(Files.createDirectory(folder.resolve("disk")), BACKING_BYTES);
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    clients.forEach(Process::destroyForcibly);
    disk.goOn();
    for (ServedDisk daemon : daemons) {
      daemon.kill();
    }
    disk.close();
  }

  private ServedDisk serve(Path cacheDevice, Path backing, String... more)
      throws IOException, InterruptedException {
    cache = cacheDevice;
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--cache",
                cacheDevice.toString(),
                "--backing",
                backing.toString(),
                "--listen",
                ServedDisk.unixSocket(folder)));
    arguments.addAll(List.of(more));
    ServedDisk served = ServedDisk.start(arguments.toArray(new String[0]));
    daemons.add(served);
    return served;
  }

  private ServedDisk serveDiskAsBacking(String... more) throws IOException, InterruptedException {
    ServedDisk.pcache("format", cache.toString(), "--size", "512M").succeeded();
    return serve(cache, disk.blockDevice(), more);
  }

  private PcacheStatus status() throws IOException {
    return RunningDaemon.status(cache);
  }

  private void awaitFault(String device) {
    await()
        .atMost(LIMIT_SECONDS, TimeUnit.SECONDS)
        .untilAsserted(
            () -> assertThat(String.join("\n", status().faults())).contains(device, "not answer"));
  }

  /** Again and again, because what comes at once with the first counts as the same request. */
  private static void askUntilItEnds(ServedDisk served) {
    await()
        .atMost(STOP_LIMIT)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> {
          served.requestStop();
          return !served.isRunning();
        });
  }

  /** Once the device answers again, and what is left of the last daemon is gone. */
  private void assertServesWhatWasFlushed(ServedDisk last, Path cacheDevice, Path backing)
      throws IOException, InterruptedException {
    disk.goOn();
    last.awaitNothingLeft();
    ServedDisk again = serve(cacheDevice, backing);
    LibnbdClient.run(again.uri(), LibnbdClient.CHECK);
    assertThat(again.stop()).as(again.log()).isZero();
  }

  private void start(ServedDisk served, String program) throws IOException {
    clients.add(LibnbdClient.start(served.uri(), program));
  }

  @Test
  @DisplayName("hazard 30: a hung write-back is a fault, and keeps no daemon from stopping")
  void aHungWriteBackShowsAndIsWaitedForWithABound() throws IOException, InterruptedException {
    ServedDisk served = serveDiskAsBacking("--drain");
    disk.hang();
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    awaitFault("backing device " + disk.blockDevice());
    served.requestStop();
    await()
        .atMost(LIMIT_SECONDS, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(status().stopping()).contains("stopping: waits for"));
    assertThat(served.awaitEnd(STOP_LIMIT))
        .as(served.log())
        .isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
    assertThat(served.log())
        .contains(
            "does not answer",
            "nothing was written back for 10 s",
            "stay in the cache",
            "Everything acknowledged is in the cache");

    assertServesWhatWasFlushed(served, cache, disk.blockDevice());
  }

  @Test
  @DisplayName("hazard 30: the second signal ends a daemon at once, whatever it waits for")
  void theSecondSignalEndsAStopThatWaitsForAHungBackingDevice()
      throws IOException, InterruptedException {
    ServedDisk served = serveDiskAsBacking("--stop-timeout", "3600", "--drain");
    disk.hang();
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    start(served, READ_COLD_AND_WAIT);
    awaitFault("backing device " + disk.blockDevice());
    served.requestStop();
    await()
        .atMost(LIMIT_SECONDS, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(status().stopping()).contains("stopping: waits for"));
    askUntilItEnds(served);
    assertThat(served.awaitEnd(STOP_LIMIT)).as(served.log()).isEqualTo(Failure.EXIT_OTHER);
    assertServesWhatWasFlushed(served, cache, disk.blockDevice());
  }

  @Test
  @DisplayName("hazard 30: a hung file of a network file system is waited for with a bound")
  void aHungBackingFileShowsAndIsWaitedForWithABound() throws IOException, InterruptedException {
    Path file = disk.file();
    ServedDisk.pcache("format", cache.toString(), "--size", "512M").succeeded();
    ServedDisk served = serve(cache, file, "--stop-timeout", "2");
    disk.hang();
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    awaitFault("backing device " + file);
    served.requestStop();
    assertThat(served.awaitEnd(STOP_LIMIT))
        .as(served.log())
        .isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
    assertServesWhatWasFlushed(served, cache, file);
  }

  @Test
  @DisplayName(
      "hazard 30: hung misses, and connections that wait for them, are waited for with a bound")
  void hungMissesInFlightAreWaitedForWithABound() throws IOException, InterruptedException {
    ServedDisk served = serveDiskAsBacking("--stop-timeout", "2");
    disk.hang();
    start(served, READ_COLD_AND_WAIT);
    awaitFault("backing device " + disk.blockDevice());
    served.requestStop();
    assertThat(served.awaitEnd(STOP_LIMIT))
        .as(served.log())
        .isEqualTo(ErrorKind.BACKING_FAILURE.exitCode());
  }

  @Test
  @DisplayName(
      "hazard 30: a cache device that does not answer is a fault, and is waited for with a bound")
  void aHungCacheDeviceShowsAndIsWaitedForWithABound() throws IOException, InterruptedException {
    Path device = disk.blockDevice();
    ServedDisk.pcache("format", device.toString()).succeeded();
    Path backing = SparseFiles.create(folder.resolve("backing"), CACHE_BYTES);
    ServedDisk served = serve(device, backing, "--stop-timeout", "2");
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    disk.hang();
    start(served, WRITE_AND_FLUSH);
    awaitFault("cache device " + device);
    served.requestStop();
    assertThat(served.awaitEnd(STOP_LIMIT))
        .as(served.log())
        .isEqualTo(ErrorKind.MEDIA_FAILURE.exitCode());
    // What is left of it may still write: nobody else gets hold of the devices.
    assertThat(Command.run("flock", "--nonblock", backing.toString(), "true").exitCode()).isOne();
    Command asked = ServedDisk.pcache("status", "--timeout", "60", "--cache", device.toString());
    assertThat(asked.output()).contains("a process has this cache open", "does not answer");
    // Where a page fault kept the daemon from closing its socket, nobody answers there any more.
    assertThat(asked.exitCode()).isIn(ErrorKind.CLOSED.exitCode(), Failure.EXIT_NO_ANSWER);
    assertServesWhatWasFlushed(served, device, backing);
  }

  /** The first daemon has read the sectors that the second one waits for. */
  @Test
  @DisplayName("hazard 30: a daemon that a hung device keeps from opening ends at the first signal")
  void aDaemonThatWaitsForAHungBackingDeviceWhileItOpensEndsAtOnce()
      throws IOException, InterruptedException {
    Path file = disk.file();
    ServedDisk.pcache("format", cache.toString(), "--size", "512M").succeeded();
    ServedDisk served = serve(cache, file);
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    assertThat(served.stop()).as(served.log()).isZero();
    disk.hang();
    for (int i = 0; i < 2; i++) {
      Process opening =
          ServedDisk.startOnly(
              "--cache",
              cache.toString(),
              "--backing",
              file.toString(),
              "--listen",
              ServedDisk.unixSocket(folder),
              "--stop-timeout",
              "600");
      String log = awaitLine(opening, "opening " + cache);
      opening.toHandle().destroy();
      assertThat(opening.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)).as(log).isTrue();
      assertThat(opening.exitValue()).isEqualTo(EndWhileOpening.EXIT_TERMINATED);
    }
  }

  private static String awaitLine(Process process, String text) throws IOException {
    StringBuilder log = new StringBuilder();
    BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      log.append(line).append('\n');
      if (line.contains(text)) {
        return log.toString();
      }
    }
    throw new AssertionError("no line with '%s': %s".formatted(text, log));
  }

  @Test
  @DisplayName("hazard 30: a daemon that cannot even take signals is ended by the second one")
  void theLauncherEndsADaemonThatTakesNoSignals() throws IOException, InterruptedException {
    ServedDisk served = serveDiskAsBacking();
    served.signalDaemon("-STOP");
    askUntilItEnds(served);
    assertThat(served.awaitEnd(STOP_LIMIT)).as(served.log()).isEqualTo(Failure.EXIT_OTHER);
    served.awaitNothingLeft();
  }

  @Test
  @DisplayName(
      "hazard 30: a hung file under the cache is a fault, and keeps no daemon from stopping")
  void aWriteToAHungCacheFileShowsAndIsWaitedForWithABound()
      throws IOException, InterruptedException {
    Path file = disk.file();
    ServedDisk.pcache("format", file.toString()).succeeded();
    Path backing = SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    ServedDisk served = serve(file, backing, "--stop-timeout", "2");
    LibnbdClient.run(served.uri(), LibnbdClient.WRITE);
    disk.hang();
    start(served, WRITE_AND_FLUSH);
    awaitFault("cache device " + file);
    served.requestStop();
    assertThat(served.awaitEnd(STOP_LIMIT))
        .as(served.log())
        .isEqualTo(ErrorKind.MEDIA_FAILURE.exitCode());
    assertServesWhatWasFlushed(served, file, backing);
  }

  @Test
  @DisplayName(
      "hazard 30: a daemon that a page fault keeps from doing anything is ended with a bound")
  void theLauncherEndsADaemonThatAPageFaultHolds() throws IOException, InterruptedException {
    Path device = disk.blockDevice();
    ServedDisk.pcache("format", device.toString()).succeeded();
    Path backing = SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    // Drained: write-back would read the data into memory before the device hangs.
    ServedDisk filling = serve(device, backing, "--drain");
    LibnbdClient.run(filling.uri(), LibnbdClient.WRITE);
    assertThat(filling.stop()).as(filling.log()).isZero();

    ServedDisk served = serve(device, backing, "--stop-timeout", "1");
    disk.hang();
    start(served, LibnbdClient.CHECK);
    await().atMost(LIMIT_SECONDS, TimeUnit.SECONDS).until(served::waitsInsideTheKernel);
    served.requestStop();
    assertThat(served.awaitEnd(STOP_LIMIT))
        .as(served.log())
        .isEqualTo(ErrorKind.MEDIA_FAILURE.exitCode());
    assertServesWhatWasFlushed(served, device, backing);
  }
}
