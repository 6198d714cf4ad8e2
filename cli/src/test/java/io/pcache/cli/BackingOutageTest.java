package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pcache.PcacheStatus;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A backing device that fails everything for a while and comes back. It is a real block device
 * whose page cache takes writes and loses them when they cannot be written, as any does: only the
 * flush tells.
 */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON, "/dev/fuse", "/dev/loop-control"})
@RequiresTool({"nbdkit", "nbdfuse", "losetup", "umount", "nbdsh"})
class BackingOutageTest {
  /** How long the outage lasts. */
  private static final int OUTAGE_SECONDS = Integer.getInteger("pcache.outage.seconds", 5);

  private static final long DISK_BYTES = 1L << 30;
  private static final int MIB = 1 << 20;

  /** Longer than write-back waits between two attempts. */
  private static final long RECOVERY_SECONDS = 90;

  @TempDir private Path folder;
  private Path cache = Path.of("");

  @BeforeEach
  void format() throws IOException, InterruptedException {
    cache = folder.resolve("cache");
    ServedDisk.pcache("format", cache.toString(), "--size", "512M", "--data-crc").succeeded();
  }

  private FailingDisk disk() throws IOException, InterruptedException {
    return FailingDisk.make(Files.createDirectory(folder.resolve("disk")), DISK_BYTES);
  }

  private PcacheStatus status() throws IOException {
    return RunningDaemon.status(cache);
  }

  @Test
  void anOutageIsWaitedForWithoutLoss() throws IOException, InterruptedException {
    try (FailingDisk backing = disk()) {
      try (ServedDisk served =
          ServedDisk.start(
              "--cache",
              cache.toString(),
              "--backing",
              backing.blockDevice().toString(),
              "--listen",
              ServedDisk.unixSocket(folder))) {
        write(served, 16, 1);
        await().atMost(240, TimeUnit.SECONDS).until(() -> status().dirtyBytes() == 0);

        backing.fail();
        write(served, 32, 2);
        write(served, 24, 3);
        await()
            .atMost(240, TimeUnit.SECONDS)
            .untilAsserted(() -> assertThat(status().faults()).isNotEmpty());
        useWhileItFails(served);

        backing.comeBack();
        await()
            .atMost(RECOVERY_SECONDS, TimeUnit.SECONDS)
            .until(() -> status().dirtyBytes() == 0 && status().faults().isEmpty());
        readCold(served);
        assertThat(served.stop()).as(served.log()).isZero();
      }
      checkContent(backing.content());
    }
  }

  /** 16 MiB from so many MiB on, all of one value, flushed. */
  private static void write(ServedDisk served, int atMib, int value)
      throws IOException, InterruptedException {
    LibnbdClient.run(
        served.uri(),
        """
        h = nbd.NBD()
        h.connect_uri(uri)
        at, value = map(int, sys.argv[2:])
        for i in range(at, at + 16):
            h.pwrite(bytes([value]) * (1 << 20), i << 20)
        h.flush()
        """,
        String.valueOf(atMib),
        String.valueOf(value));
  }

  /**
   * Writes, flushes and cached reads go on; what only the backing device has is an error. About 100
   * MiB are written however long it lasts: more would fill the cache, which then rightly gives up
   * what is clean, and in the end lets writers wait.
   */
  private static void useWhileItFails(ServedDisk served) throws IOException, InterruptedException {
    LibnbdClient.run(
        served.uri(),
        """
        import time
        h = nbd.NBD()
        h.connect_uri(uri)
        seconds = int(sys.argv[2])
        end = time.monotonic() + seconds
        i = 0
        while i < 256 or time.monotonic() < end:
            at = (64 << 20) + i % 256 * 4096
            h.pwrite(bytes([i % 255 + 1]) * 4096, at)
            assert h.pread(4096, at) == bytes([i % 255 + 1]) * 4096
            i += 1
            if i % 256 == 0:
                h.flush()
                assert h.pread(1 << 20, 17 << 20) == bytes([1]) * (1 << 20)
                assert h.pread(1 << 20, 25 << 20) == bytes([3]) * (1 << 20)
                assert h.pread(1 << 20, 45 << 20) == bytes([2]) * (1 << 20)
                try:
                    h.pread(4 << 20, 800 << 20)
                except nbd.Error as e:
                    assert e.errnum == errno.EIO, e
                else:
                    raise AssertionError("read what the failing device has")
                time.sleep(max(0.1, seconds / 100))
        for i in range(256):
            h.pwrite(bytes([i % 255 + 1]) * 4096, (64 << 20) + i * 4096, nbd.CMD_FLAG_FUA)
        """,
        String.valueOf(OUTAGE_SECONDS));
  }

  private static void readCold(ServedDisk served) throws IOException, InterruptedException {
    LibnbdClient.run(
        served.uri(),
        """
        h = nbd.NBD()
        h.connect_uri(uri)
        assert h.pread(4 << 20, 800 << 20) == bytes(4 << 20)
        """);
  }

  private static void checkContent(Path content) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(content.toFile(), "r")) {
      checkRange(file, 16, 8, 1);
      checkRange(file, 24, 16, 3);
      checkRange(file, 40, 8, 2);
      byte[] block = new byte[4096];
      for (int i = 0; i < 256; i++) {
        file.seek(64L * MIB + i * 4096L);
        file.readFully(block);
        assertThat(block).as("block %d", i).containsOnly(i % 255 + 1);
      }
    }
  }

  private static void checkRange(RandomAccessFile file, int atMib, int countMib, int value)
      throws IOException {
    byte[] bytes = new byte[MIB];
    file.seek((long) atMib * MIB);
    for (int i = 0; i < countMib; i++) {
      file.readFully(bytes);
      assertThat(bytes).as("MiB %d", atMib + i).containsOnly(value);
    }
  }
}
