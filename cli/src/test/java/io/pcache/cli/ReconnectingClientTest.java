package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.PcacheStatus;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.Seed;
import io.pcache.testkit.Seeds;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import io.pcache.testkit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A client that outlives the daemon and never flushes: qemu's NBD driver, which connects anew and
 * sends again what was not answered. fio writes through it and is told nothing of the kills; what
 * it verifies afterwards has to be what it wrote last, and so has what the backing file holds at
 * the end. Between fio and the daemon nothing keeps a copy.
 */
@Tag("engine")
@RequiresFile(ServedDisk.COMMAND)
@RequiresTool({"fio", "qemu-nbd"})
@ExtendWith(Seeds.class)
@DisplayName("hazard 44: a client that connects anew finds every write that was acknowledged")
class ReconnectingClientTest {
  /** In each round one comes while fio writes, and one behind its last write. */
  private static final int KILLS = Integer.getInteger("pcache.reconnect.kills", 30);

  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 2500;
  private static final long BACKING_BYTES = 1L << 30;
  private static final int RECONNECT_SECONDS = 120;
  private static final long FIO_SECONDS = 300;

  private @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void makeDisk() throws IOException, InterruptedException {
    SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    ServedDisk.pcache("format", folder.resolve("cache").toString(), "--size", "512M").succeeded();
  }

  @AfterEach
  void endProcesses() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void whatWasAcknowledgedIsThereAfterEveryKill(Seed seed)
      throws IOException, InterruptedException {
    Random random = seed.random();
    ServedDisk disk = start();
    try {
      String uri = connect();
      int run = 0;
      for (int kills = 0; kills < KILLS; kills += 2) {
        run = random.nextInt(1, 1 << 20);
        Process fio = fio(uri, run, "--do_verify=0");
        disk = killBehind(disk, random.nextInt(1, BLOCKS));
        succeeded(fio);
        disk = kill(disk);
        succeeded(fio(uri, run, "--verify_only"));
      }
      checkNoneWasFlushed();
      assertThat(disk.stop()).as(disk.log()).isZero();
      succeeded(fioOn("--filename=" + folder.resolve("backing"), run, "--verify_only"));
    } finally {
      disk.close();
    }
  }

  private ServedDisk start() throws IOException, InterruptedException {
    return ServedDisk.start(
        "--cache",
        folder.resolve("cache").toString(),
        "--backing",
        folder.resolve("backing").toString(),
        "--listen",
        ServedDisk.unixSocket(folder),
        "--drain");
  }

  private ServedDisk kill(ServedDisk disk) throws IOException, InterruptedException {
    disk.kill();
    return start();
  }

  /** Kills the daemon when it has carried out so many writes. */
  private ServedDisk killBehind(ServedDisk disk, int writes)
      throws IOException, InterruptedException {
    await()
        .pollInterval(2, TimeUnit.MILLISECONDS)
        .atMost(FIO_SECONDS, TimeUnit.SECONDS)
        .until(() -> status().writes() >= writes);
    return kill(disk);
  }

  private PcacheStatus status() throws IOException {
    return RunningDaemon.status(folder.resolve("cache"));
  }

  private void checkNoneWasFlushed() throws IOException {
    PcacheStatus status = status();
    assertThat(status.survivesKill()).as(status.staging()).isTrue();
    assertThat(status.flushes()).isZero();
    assertThat(status.faults()).isEmpty();
  }

  /** Serves what the daemon serves, on connections that outlive it. Returns where. */
  private String connect() throws IOException {
    Path socket = folder.resolve("front.sock");
    String server =
        "driver=nbd,server.type=unix,server.path=%s,reconnect-delay=%d"
            .formatted(folder.resolve("nbd.sock"), RECONNECT_SECONDS);
    run("qemu-nbd", "--image-opts", server, "-k", socket.toString(), "--persistent");
    await().atMost(240, TimeUnit.SECONDS).until(() -> Files.exists(socket));
    return "--uri=nbd+unix:///?socket=" + socket;
  }

  /** Each block once, in an order and with a content that follow from the number of the run. */
  private Process fio(String uri, int run, String how) throws IOException {
    return run(fioCommand("--ioengine=nbd", uri, run, how));
  }

  private Process fioOn(String file, int run, String how) throws IOException {
    return run(fioCommand("--ioengine=psync", file, run, how));
  }

  private String[] fioCommand(String engine, String target, int run, String how) {
    return new String[] {
      "fio",
      "--thread",
      "--name=client",
      engine,
      target,
      "--rw=randwrite",
      "--bs=" + BLOCK_BYTES,
      "--size=" + BLOCKS * BLOCK_BYTES,
      "--iodepth=8",
      "--verify=crc32c",
      "--verify_fatal=1",
      "--verify_state_save=0",
      "--randrepeat=0",
      "--randseed=" + run,
      how,
      "--aux-path=" + folder
    };
  }

  private Process run(String... command) throws IOException {
    command[0] = Tool.require(command[0]).toString();
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile()))
            .start();
    started.add(process);
    return process;
  }

  private Path output() {
    return folder.resolve("output");
  }

  private void succeeded(Process fio) throws IOException, InterruptedException {
    assertThat(fio.waitFor(FIO_SECONDS, TimeUnit.SECONDS)).as("fio ends").isTrue();
    assertThat(fio.exitValue()).as(Files.readString(output())).isZero();
  }
}
