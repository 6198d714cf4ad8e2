package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.backing.FileBackingStore;
import io.pcache.block.BlockDevice;
import io.pcache.error.BadOptionException;
import io.pcache.error.DeviceInUseException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.error.WrongDeviceException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator may get wrong when formatting, opening and closing real files. */
class OpeningHazardsTest {
  private static final long CACHE_BYTES = 512L << 20;
  private static final long BACKING_BYTES = 16L << 20;
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;

  private @TempDir Path folder;
  private Path cache;
  private Path backing;

  @BeforeEach
  void format() throws IOException {
    cache = folder.resolve("cache.img");
    Pcache.format(FormatOptions.of(cache).withSizeBytes(CACHE_BYTES));
    backing = SparseFiles.create(folder.resolve("backing.img"), BACKING_BYTES);
    change(backing, 0, 1);
  }

  private static void change(Path file, long offset, int value) throws IOException {
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(offset);
      raw.write(value);
    }
  }

  private void writeOneSectorAndClose() {
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing))) {
      new BlockingDevice(open.device()).write(4096, SECTOR, 5);
    }
  }

  @Test
  @DisplayName("hazard 16: another backing device is refused, unless adopted")
  void anotherBackingDeviceIsRefused() throws IOException {
    writeOneSectorAndClose();
    Path other = SparseFiles.create(folder.resolve("other.img"), BACKING_BYTES);
    Path larger = SparseFiles.create(folder.resolve("larger.img"), 2 * BACKING_BYTES);
    for (Path wrong : new Path[] {other, larger}) {
      assertThatThrownBy(() -> Pcache.open(OpenOptions.of(cache, wrong)))
          .isInstanceOf(WrongDeviceException.class)
          .hasMessageContaining(wrong.toString());
    }
    Pcache.open(OpenOptions.of(cache, other).withAdopt(true)).close();
    Pcache.open(OpenOptions.of(cache, other)).close();
  }

  private void fillDrainAndKill() {
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing))) {
      new BlockingDevice(open.device()).write(0, BACKING_BYTES, 7);
      open.drain((bytesLeft, bytesAtStart) -> {});
      open.kill();
    }
  }

  @Test
  @DisplayName("hazard 16: also where write-back changed all that was sampled, and a kill followed")
  void anotherBackingDeviceIsRefusedAfterAllOfItWasWrittenBack() throws IOException {
    fillDrainAndKill();

    Path other = SparseFiles.create(folder.resolve("other.img"), BACKING_BYTES);
    assertThatThrownBy(() -> Pcache.open(OpenOptions.of(cache, other)))
        .isInstanceOf(WrongDeviceException.class)
        // Up to seven samples that the last key sets changed need not count yet.
        .hasMessageFindingMatch("(2[5-9]|3[0-2]) of \\1 sampled sectors differ");
    Pcache.open(OpenOptions.of(cache, backing)).close();
  }

  @Test
  @DisplayName("hazard 16: a backing device that was changed behind the cache's back is refused")
  void aChangedBackingDeviceIsRefused() throws IOException {
    writeOneSectorAndClose();
    change(backing, 0, 2);
    assertThatThrownBy(() -> Pcache.open(OpenOptions.of(cache, backing)))
        .isInstanceOf(WrongDeviceException.class)
        .hasMessageContaining("changed behind its back");
  }

  @Test
  @DisplayName("hazard 17: neither device is opened twice")
  void devicesInUseAreRefused() throws IOException {
    Path otherCache = folder.resolve("cache2.img");
    Pcache.format(FormatOptions.of(otherCache).withSizeBytes(CACHE_BYTES));
    Path otherBacking = SparseFiles.create(folder.resolve("backing2.img"), BACKING_BYTES);
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing))) {
      assertThat(open.status().faults()).isEmpty();
      assertThatThrownBy(() -> Pcache.open(OpenOptions.of(cache, otherBacking)))
          .isInstanceOf(DeviceInUseException.class);
      assertThatThrownBy(() -> Pcache.open(OpenOptions.of(otherCache, backing)))
          .isInstanceOf(DeviceInUseException.class);
      assertThatThrownBy(() -> Pcache.format(FormatOptions.of(cache).withForce(true)))
          .isInstanceOf(DeviceInUseException.class);
    }
    // What was refused left no lock behind.
    Pcache.open(OpenOptions.of(otherCache, otherBacking)).close();
  }

  @Test
  @DisplayName("hazard 18: opening never formats, and formatting refuses what it knows")
  void onlyFormatFormatsAndNotOverWhatItKnows() throws IOException {
    Path blank = SparseFiles.create(folder.resolve("blank.img"), CACHE_BYTES);
    assertThatThrownBy(() -> Pcache.open(OpenOptions.of(blank, backing)))
        .isInstanceOf(UnsupportedFormatException.class);
    assertThat(Files.mismatch(blank, SparseFiles.create(folder.resolve("zero.img"), CACHE_BYTES)))
        .isEqualTo(-1);

    change(blank, 0x438, 0x53);
    change(blank, 0x439, 0xEF);
    assertThatThrownBy(() -> Pcache.format(FormatOptions.of(blank)))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("ext");
    writeOneSectorAndClose();
    assertThatThrownBy(() -> Pcache.format(FormatOptions.of(cache)))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("a pcache cache");
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing))) {
      MemorySegment sector = MemorySegment.ofArray(new long[SECTOR / Long.BYTES]);
      new BlockingDevice(open.device()).read(4096, sector);
      assertThat(SectorContent.idAt(sector, 0, 4096 / SECTOR)).isEqualTo(5);
    }
  }

  @Test
  @DisplayName("hazard 19: gc_percent is checked as the number it is")
  void gcPercentIsCheckedAsTheNumberItIs() {
    for (int wrong : new int[] {-1, 91, 127, 128, 256, 70 + 256, Integer.MIN_VALUE}) {
      OpenOptions options = OpenOptions.of(cache, backing);
      assertThatThrownBy(() -> Pcache.open(options.withGcPercent(wrong)))
          .isInstanceOf(BadOptionException.class)
          .hasMessageContaining("gc_percent " + wrong);
    }
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing).withGcPercent(90))) {
      assertThatThrownBy(() -> open.setGcPercent(256)).isInstanceOf(BadOptionException.class);
      open.setGcPercent(0);
      assertThat(open.status().gcPercent()).isZero();
    }
  }

  @Test
  @DisplayName("hazard 23: close waits for write-back that is in flight")
  void closeWaitsForWriteBackInFlight() throws Exception {
    FaultyStore slow = new FaultyStore(FileBackingStore.open(backing));
    Pcache open = Pcache.open(OpenOptions.of(cache, backing), slow);
    slow.hold();
    BlockingDevice device = new BlockingDevice(open.device());
    device.write(4096, 64 * SECTOR, 9);
    device.flush();
    await().until(() -> slow.waiting() > 0);
    FutureTask<Void> closing = new FutureTask<>(open::close, null);
    Thread thread = Thread.ofPlatform().daemon().start(closing);
    // It waits for the agents, or for the transfer itself, which still has the cache's memory.
    Set<Thread.State> waiting = EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);
    await().until(() -> waiting.contains(thread.getState()) || !thread.isAlive());
    assertThat(closing.isDone()).isFalse();
    slow.letGo();
    closing.get();
    try (Pcache again = Pcache.open(OpenOptions.of(cache, backing))) {
      assertThat(again.drain((left, atStart) -> {})).isTrue();
      assertThat(again.status().faults()).isEmpty();
    }
  }
}
