package io.pcache.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.backing.FileBackingStore;
import io.pcache.error.ErrorKind;
import io.pcache.testkit.Command;
import io.pcache.testkit.FaultyStore;
import io.pcache.testkit.RequiresFile;
import io.pcache.testkit.RequiresTool;
import io.pcache.testkit.ServedDisk;
import io.pcache.testkit.SparseFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code pcache drain}: all dirty data out of a cache that nobody serves. */
@Tag("engine")
@Timeout(600)
@RequiresFile(ServedDisk.COMMAND)
@RequiresTool("sha256sum")
class DrainCommandTest {
  private static final long BACKING_BYTES = 64L << 20;
  private static final long CACHE_BYTES = 512L << 20;
  private static final int BLOCK = 1 << 20;
  private static final int BLOCKS = 8;

  @TempDir private Path folder;
  private Path cache = Path.of("");
  private Path backing = Path.of("");

  @BeforeEach
  void format() throws IOException {
    cache = folder.resolve("cache");
    backing = SparseFiles.create(folder.resolve("backing"), BACKING_BYTES);
    Pcache.format(FormatOptions.of(cache).withSizeBytes(CACHE_BYTES));
  }

  /** Writes blocks through the cache to a backing device that takes none, and closes it. */
  private void leaveDirtyData() {
    try (Pcache dirty = openInFrontOfAFailingDevice()) {
      writeBlocks(dirty);
      dirty.flush();
    }
  }

  private Pcache openInFrontOfAFailingDevice() {
    FaultyStore store = new FaultyStore(FileBackingStore.open(backing));
    store.failWrites(0, BACKING_BYTES);
    return Pcache.open(OpenOptions.of(cache, backing), store);
  }

  private static void writeBlocks(Pcache dirty) {
    byte[] block = new byte[BLOCK];
    for (int i = 0; i < BLOCKS; i++) {
      Arrays.fill(block, (byte) (i + 1));
      dirty.write((long) i * BLOCK, MemorySegment.ofArray(block));
    }
  }

  private void assertBackingDeviceHasTheBlocks() throws IOException {
    byte[] block = new byte[BLOCK];
    try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "r")) {
      for (int i = 0; i < BLOCKS; i++) {
        file.readFully(block);
        assertThat(block).as("block %d", i).containsOnly(i + 1);
      }
    }
  }

  private Command drain(String... options) throws IOException, InterruptedException {
    String[] words = Arrays.copyOf(new String[] {"drain"}, options.length + 3);
    System.arraycopy(options, 0, words, 1, options.length);
    words[options.length + 1] = cache.toString();
    words[options.length + 2] = backing.toString();
    return ServedDisk.pcache(words);
  }

  @Test
  void everythingDirtyIsOnTheBackingDeviceAfterwards() throws IOException, InterruptedException {
    leaveDirtyData();
    assertThat(drain().succeeded())
        .contains("writing back 8.00 MiB; Ctrl-C leaves the rest", "everything is written back");
    assertBackingDeviceHasTheBlocks();
    assertThat(drain("--json").succeeded()).contains("{\"leftBytes\":0,\"setAsideBytes\":0}");
  }

  @Test
  void aDryRunSaysHowMuchAndChangesNeitherDevice() throws IOException, InterruptedException {
    leaveDirtyData();
    String before = Command.run("sha256sum", cache.toString(), backing.toString()).succeeded();
    assertThat(ProgressLines.removedFrom(drain("--dry-run").succeeded()))
        .isEqualTo("8.00 MiB to write back");
    assertThat(ProgressLines.removedFrom(drain("--dry-run", "--json").succeeded()))
        .isEqualTo("{\"leftBytes\":8388608,\"setAsideBytes\":0}");
    assertThat(Command.run("sha256sum", cache.toString(), backing.toString()).succeeded())
        .isEqualTo(before);
  }

  @Test
  @DisplayName("hazard 44: writes that a killed process did not flush are drained too")
  void writesThatWereNotFlushedBeforeAKillAreDrained() throws IOException, InterruptedException {
    Pcache killed = openInFrontOfAFailingDevice();
    writeBlocks(killed);
    killed.kill();
    assertThat(ProgressLines.removedFrom(drain("--dry-run").succeeded()))
        .isEqualTo("8.00 MiB to write back");
    assertThat(drain().succeeded()).contains("everything is written back");
    assertBackingDeviceHasTheBlocks();
  }

  @Test
  void whatIsServedIsNotDrained() throws IOException, InterruptedException {
    try (Pcache _ = Pcache.open(OpenOptions.of(cache, backing))) {
      for (Command refused : new Command[] {drain(), drain("--dry-run")}) {
        assertThat(refused.exitCode()).isEqualTo(ErrorKind.DEVICE_IN_USE.exitCode());
        assertThat(refused.output()).contains(backing.toString(), "in use");
      }
    }
  }

  @Test
  void anotherBackingDeviceIsRefusedAndStaysAsItIs() throws IOException, InterruptedException {
    leaveDirtyData();
    backing = SparseFiles.create(folder.resolve("other"), BACKING_BYTES / 2);
    Command refused = drain();
    assertThat(refused.exitCode()).isEqualTo(ErrorKind.WRONG_DEVICE.exitCode());
    assertThat(refused.output()).contains("belongs to a backing device of " + BACKING_BYTES);
    assertThat(Files.size(backing)).isEqualTo(BACKING_BYTES / 2);
  }

  @Test
  @RequiresFile("/dev/loop-control")
  @RequiresTool({"mkfs.ext4", "mount", "umount", "fallocate", "dd"})
  @DisplayName("hazard 28: a drain that leaves anything ends with a code that says so")
  void aDrainThatCannotWriteBackEndsWithFifteenAndGoesOnLater()
      throws IOException, InterruptedException {
    try (LoopFileSystem small = LoopFileSystem.make(folder, 96L << 20)) {
      backing = SparseFiles.create(small.root().resolve("backing"), BACKING_BYTES);
      leaveDirtyData();
      Path filler = small.fill();
      Command failed = drain("--stop-timeout", "2");
      assertThat(failed.exitCode()).as(failed.output()).isEqualTo(15);
      assertThat(failed.output())
          .contains("No space left on device", "nothing was written back for 2 s")
          .contains("are not written back: drain once more when the backing device works")
          .doesNotContain("everything is written back");
      small.free(filler);
      assertThat(drain().succeeded()).contains("everything is written back");
      assertBackingDeviceHasTheBlocks();
    }
  }

  @Test
  @RequiresFile("/dev/loop-control")
  @RequiresTool({"mkfs.ext4", "mount", "umount", "fallocate", "dd"})
  void aSignalLeavesTheRestInTheCache() throws IOException, InterruptedException {
    try (LoopFileSystem small = LoopFileSystem.make(folder, 96L << 20)) {
      backing = SparseFiles.create(small.root().resolve("backing"), BACKING_BYTES);
      leaveDirtyData();
      Path filler = small.fill();
      String script =
          """
          "$PCACHE" drain --stop-timeout 600 %s %s 2>err & drain=$!
          until grep -q 'writing back' err; do sleep 0.1; done
          kill -TERM $drain
          wait $drain || echo "drain $?"
          cat err
          """
              .formatted(cache, backing);
      assertThat(LauncherShell.output(folder, script))
          .contains("write-back given up; 8.00 MiB are not written back", "stay in the cache")
          .containsPattern("drain 1(5)?\n");
      small.free(filler);
      assertThat(drain().succeeded()).contains("everything is written back");
      assertBackingDeviceHasTheBlocks();
    }
  }
}
