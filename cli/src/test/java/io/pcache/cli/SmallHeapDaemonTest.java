package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.PcacheStatus;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A daemon with the smallest heap, and a disk whose index needs more: one sector in each subtree of
 * 4 MiB, which is the dearest extent.
 */
@Tag("engine")
@RequiresFile({ServedDisk.COMMAND, LibnbdClient.PYTHON})
@RequiresTool("nbdsh")
class SmallHeapDaemonTest {
  private static final long BACKING_BYTES = 1L << 40;
  private static final String WRITES = "40000";

  private static final String WRITE =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      for i in range(int(sys.argv[2])):
          h.pwrite(i.to_bytes(8, "little") * 64, i << 22)
      """;

  private static final String CHECK =
      """
      h = nbd.NBD()
      h.connect_uri(uri)
      for i in range(0, int(sys.argv[2]), 9):
          assert h.pread(512, i << 22) == i.to_bytes(8, "little") * 64, i
      """;

  private @TempDir Path folder;

  @Test
  @DisplayName("hazard 45: an index that needs more than the heap holds up writes, and opens again")
  void anIndexThatNeedsMoreThanTheHeapHoldsUpWritesAndOpensAgain() throws Exception {
    SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    ServedDisk.pcache("format", cache(), "--size", "512M", "--data-crc").succeeded();
    try (ServedDisk disk = start()) {
      run(disk, WRITE);
      PcacheStatus status = status(disk);
      assertThat(status.indexBytes())
          .as("the index was short of memory")
          .isGreaterThan(status.indexLimitBytes() / 3 * 2);
      assertThat(disk.log()).doesNotContain("OutOfMemoryError");
      disk.kill();
    }
    try (ServedDisk disk = start()) {
      run(disk, CHECK);
      assertThat(disk.log()).doesNotContain("OutOfMemoryError");
      assertThat(disk.stop()).as(disk.log()).isZero();
    }
  }

  /** If the daemon has ended, its log says why. */
  private static void run(ServedDisk disk, String program)
      throws IOException, InterruptedException {
    try {
      LibnbdClient.run(disk.uri(), program, WRITES);
    } catch (AssertionError e) {
      throw new AssertionError("the client failed; the daemon's log: " + disk.log(), e);
    }
  }

  private PcacheStatus status(ServedDisk disk) {
    try {
      return RunningDaemon.status(folder.resolve("cache"));
    } catch (IOException e) {
      throw new AssertionError("no status; the daemon's log: " + disk.log(), e);
    }
  }

  private String cache() {
    return folder.resolve("cache").toString();
  }

  private ServedDisk start() throws IOException, InterruptedException {
    return ServedDisk.start(
        "--cache",
        cache(),
        "--backing",
        folder.resolve("backing").toString(),
        "--listen",
        ServedDisk.unixSocket(folder),
        "--heap",
        "32M");
  }
}
