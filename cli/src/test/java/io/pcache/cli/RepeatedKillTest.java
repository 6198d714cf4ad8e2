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
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The daemon, killed with SIGKILL again and again while fio and libnbd write to it, and sometimes
 * while it starts. After each kill every sector holds its last version that was acknowledged or a
 * later one, in both writers' regions; at the end the backing device alone does.
 *
 * <p>The cache reclaims from 10 % on and is written to until 10 % have been filled several times
 * over, so write-back and reclaiming are part of it. A kill of the process keeps the page cache:
 * for what a power cut does see the crash tests on simulated devices.
 */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON})
@RequiresTool({"fio", "nbdsh"})
@ExtendWith(Seeds.class)
class RepeatedKillTest {
  /** How often to kill, over both kinds of cache. */
  private static final int CYCLES = Integer.getInteger("pcache.kill.cycles", 30);

  /** Of libnbd's; fio comes to about as many meanwhile. */
  private static final int MAX_WRITES_BEFORE_KILL = 2500;

  private static final int STARTS_BETWEEN_KILLED_ONES = 4;
  private static final long BACKING_BYTES = 4L << 30;

  private @TempDir Path folder;
  private final DiskRegion fioRegion = DiskRegion.at(1L << 30, 16L << 20);
  private final DiskRegion libnbdRegion = DiskRegion.at(3L << 30, 24L << 20);
  private FioWriter fio = new FioWriter(fioRegion, Path.of(""));
  private final LibnbdWriter libnbd = new LibnbdWriter(libnbdRegion);
  private long reclaimedSegments;
  private long writtenBackBytes;

  @BeforeEach
  void makeDisk() throws IOException {
    fio = new FioWriter(fioRegion, Files.createDirectory(folder.resolve("fio")));
    SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("hazard 44: every acknowledged write is there after each of many kills")
  void whatWasAcknowledgedIsThereAfterEveryKill(boolean dataCrc, Seed seed)
      throws IOException, InterruptedException {
    format(dataCrc);
    Random random = seed.random(dataCrc ? 1 : 0);
    int writes = 0;
    for (int cycle = 0; cycle < CYCLES / 2; cycle++) {
      if (cycle % STARTS_BETWEEN_KILLED_ONES == STARTS_BETWEEN_KILLED_ONES - 1) {
        killWhileItStarts(random);
      }
      try (ServedDisk disk = start()) {
        checkServed(disk);
        writes += writeUntilKilled(disk, random);
      }
    }
    try (ServedDisk disk = start()) {
      checkServed(disk);
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
    checkBackingDevice();
    assertThat(writtenBackBytes).as("write-back took part").isPositive();
    assertThat(reclaimedSegments).as("reclaiming took part").isPositive();
    System.out.printf(
        "%d kills, %,d writes, %,d MiB written back, %d segments reclaimed%n",
        CYCLES / 2, writes, writtenBackBytes >> 20, reclaimedSegments);
  }

  private void format(boolean dataCrc) throws IOException, InterruptedException {
    String cache = folder.resolve("cache").toString();
    if (dataCrc) {
      ServedDisk.pcache("format", cache, "--size", "512M", "--data-crc").succeeded();
    } else {
      ServedDisk.pcache("format", cache, "--size", "512M").succeeded();
    }
  }

  private String[] arguments() {
    return new String[] {
      "--cache",
      folder.resolve("cache").toString(),
      "--backing",
      folder.resolve("backing").toString(),
      "--listen",
      ServedDisk.unixSocket(folder),
      "--gc-percent",
      "10",
      "--drain"
    };
  }

  private ServedDisk start() throws IOException, InterruptedException {
    return ServedDisk.start(arguments());
  }

  /** At any moment of the JVM's start, of recovery, or shortly after. */
  private void killWhileItStarts(Random random) throws IOException, InterruptedException {
    ServedDisk.startAndKill(random.nextInt(100, 1200), arguments());
  }

  private int writeUntilKilled(ServedDisk disk, Random random)
      throws IOException, InterruptedException {
    Process fioRun = fio.start(disk.uri(), random.nextInt(1, 1 << 20));
    LibnbdWriter.Run libnbdRun = libnbd.start(disk.uri(), random.nextInt(1 << 20));
    try {
      await()
          .pollInterval(50, TimeUnit.MILLISECONDS)
          .atMost(240, TimeUnit.SECONDS)
          .until(() -> hasBegun(libnbdRun) && status().writes() > submitted(libnbdRun));
      int killAt = libnbdRun.submitted().get() + random.nextInt(MAX_WRITES_BEFORE_KILL);
      await()
          .pollInterval(2, TimeUnit.MILLISECONDS)
          .atMost(240, TimeUnit.SECONDS)
          .until(() -> libnbdRun.submitted().get() >= killAt);
      PcacheStatus last = status();
      disk.kill();
      reclaimedSegments += last.reclaimedSegments();
      writtenBackBytes += last.writtenBackBytes();
      assertThat(last.faults()).isEmpty();
      return fio.enter(fioRun) + libnbd.enter(libnbdRun);
    } finally {
      fioRun.destroyForcibly();
      libnbdRun.process().destroyForcibly();
    }
  }

  private static boolean hasBegun(LibnbdWriter.Run run) {
    return run.submitted().get() > 0;
  }

  /** How many writes it may have sent. Once the daemon counts more, fio has begun. */
  private static int submitted(LibnbdWriter.Run run) {
    return run.submitted().get() + LibnbdWriter.DEPTH;
  }

  private PcacheStatus status() throws IOException {
    return RunningDaemon.status(folder.resolve("cache"));
  }

  private void checkServed(ServedDisk disk) throws IOException, InterruptedException {
    keepAcknowledged(fioRegion);
    keepAcknowledged(libnbdRegion);
    Path fioBytes = folder.resolve("fio.read");
    Path libnbdBytes = folder.resolve("libnbd.read");
    LibnbdClient.readRanges(
        disk.uri(), range(fioRegion, fioBytes), range(libnbdRegion, libnbdBytes));
    fioRegion.checkRecovered(fioBytes, 0, fio::translate);
    libnbdRegion.checkRecovered(libnbdBytes, 0, UnaryOperator.identity());
  }

  /** Only the process was killed: what was acknowledged counts as if it had been flushed. */
  private static void keepAcknowledged(DiskRegion region) {
    region.ledger().flushed(region.ledger().floors());
  }

  private static String range(DiskRegion region, Path file) {
    return region.offsetBytes() + " " + region.lengthBytes() + " " + file;
  }

  /** Everything is written back, so each sector has the one version that was read last. */
  private void checkBackingDevice() throws IOException {
    Path backing = folder.resolve("backing");
    fioRegion.checkRecovered(backing, fioRegion.offsetBytes(), fio::translate);
    UnaryOperator<MemorySegment> asItIs = UnaryOperator.identity();
    libnbdRegion.checkRecovered(backing, libnbdRegion.offsetBytes(), asItIs);
  }
}
