package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.testkit.DaxGuest;
import io.pcache.testkit.MemoryFolder;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.Seed;
import io.pcache.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The shipped launcher on persistent memory, in an emulated Linux whose file system maps it with
 * DAX. The client is outside, so it knows what was acknowledged when the machine is gone. An
 * emulated processor has no caches, so a cache line that nobody writes back is missed by the crash
 * tests on simulated devices and not here.
 */
@Tag("engine")
@RequiresFile({DaxGuest.KERNEL, LibnbdClient.PYTHON})
@RequiresTool({DaxGuest.EMULATOR, "busybox", "cpio", "mkfs.ext4", "nbdsh"})
@ExtendWith(Seeds.class)
class DaxTest {
  private static final String CACHE = "/pm/cache.img";

  private final DiskRegion region = DiskRegion.at(16L << 20, 4L << 20);
  private final LibnbdWriter writer = new LibnbdWriter(region);

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  @Test
  @DisplayName("hazard 43: every command works on DAX, and nothing flushed is lost")
  void everyCommandWorksOnDaxAndNothingFlushedIsLost(Seed seed)
      throws IOException, InterruptedException {
    Random random = seed.random(0);
    try (DaxGuest guest = DaxGuest.make(folder)) {
      guest.start();
      guest.succeed("pcache format " + CACHE + " --size 512M --data-crc");
      serve(guest, "");
      assertThat(status(guest)).contains("dax media, outlives a power cut");
      LibnbdWriter.Run run = write(guest, random);
      guest.cutPower();
      assertThat(writer.enter(run)).isPositive();

      guest.start();
      serveOnDax(guest);
      checkServed(guest);
      run = write(guest, random);
      killDaemon(guest);
      assertThat(writer.enter(run)).isPositive();

      overwriteSuperblock(guest);
      repair(guest);
      serveOnDax(guest);
      checkServed(guest);
      drain(guest);
      checkBackingDevice(guest);

      serve(guest, "PCACHE_JAVA_OPTS=\"$PCACHE_JAVA_OPTS -XX:TieredStopAtLevel=1\"");
      assertThat(status(guest))
          .contains(
              "file media, outlives a power cut",
              "not used as DAX: this virtual machine has no C2 compiler: TieredStopAtLevel is 1");
      checkServed(guest);
    }
  }

  private static String status(DaxGuest guest) throws IOException, InterruptedException {
    return guest.succeed("pcache status --cache " + CACHE + " --timeout " + DaxGuest.BOUND_SECONDS);
  }

  private static void serveOnDax(DaxGuest guest) throws IOException, InterruptedException {
    serve(guest, "");
    assertThat(guest.succeed("cat /tmp/serve.log")).doesNotContain("used as a file");
  }

  /** Waits until it serves, or until it has ended instead, which fails. */
  private static void serve(DaxGuest guest, String environment)
      throws IOException, InterruptedException {
    guest.succeed(
        "{ "
            + environment
            + " pcache serve --cache "
            + CACHE
            + " --backing /dev/vdb --listen 10.0.2.15:10809 --drain & echo $! >/tmp/serve.pid;"
            + " wait $!; echo ended with $?; } >/tmp/serve.log 2>&1 &");
    guest.succeed(
        "until grep -qE 'nbd://|ended with' /tmp/serve.log; do sleep 0.2; done;"
            + " if grep -q 'ended with' /tmp/serve.log; then cat /tmp/serve.log; false; fi");
    // Its first handshakes may take longer there than a client is given for one.
    await()
        .atMost(DaxGuest.BOUND_SECONDS, TimeUnit.SECONDS)
        .untilAsserted(() -> LibnbdClient.run(guest.uri(), "nbd.NBD().connect_uri(uri)"));
  }

  /** The daemon itself, and not the launcher, which is its parent. */
  private static void killDaemon(DaxGuest guest) throws IOException, InterruptedException {
    guest.succeed("kill -KILL $(pidof java); while pidof java >/dev/null; do sleep 0.1; done");
  }

  private static void drain(DaxGuest guest) throws IOException, InterruptedException {
    guest.succeed("kill -TERM $(cat /tmp/serve.pid)");
    String log =
        guest.succeed(
            "until grep -q 'ended with' /tmp/serve.log; do sleep 0.2; done; cat /tmp/serve.log");
    assertThat(log).contains("ended with 0");
  }

  /** Begins to write, and returns in the middle of it. */
  private LibnbdWriter.Run write(DaxGuest guest, Random random)
      throws IOException, InterruptedException {
    LibnbdWriter.Run run = writer.start(guest.uri(), random.nextInt(1 << 20));
    int enough = 200 + random.nextInt(400);
    await()
        .pollInterval(2, TimeUnit.MILLISECONDS)
        .atMost(DaxGuest.BOUND_SECONDS, TimeUnit.SECONDS)
        .until(() -> run.submitted().get() >= enough || !run.process().isAlive());
    return run;
  }

  private void checkServed(DaxGuest guest) throws IOException, InterruptedException {
    Path bytes = folder.resolve("read");
    LibnbdClient.readRanges(
        guest.uri(), region.offsetBytes() + " " + region.lengthBytes() + " " + bytes);
    region.checkRecovered(bytes, 0, UnaryOperator.identity());
  }

  private void checkBackingDevice(DaxGuest guest) throws IOException {
    region.checkRecovered(guest.backing(), region.offsetBytes(), UnaryOperator.identity());
  }

  private static void overwriteSuperblock(DaxGuest guest) throws IOException, InterruptedException {
    guest.succeed("yes damage | dd of=%s bs=4096 seek=1 count=1 conv=notrunc".formatted(CACHE));
  }

  private static void repair(DaxGuest guest) throws IOException, InterruptedException {
    assertThat(guest.succeed("pcache repair " + CACHE + " --in-place"))
        .contains("superblock: lost; ", "repaired " + CACHE)
        .doesNotContain("used as a file");
  }
}
