package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pcache.DamagedRange;
import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.backing.FileBackingStore;
import io.pcache.block.BlockDevice;
import io.pcache.error.CorruptMediaException;
import io.pcache.format.MediaLayout;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What status and a drain say where dirty data was damaged and set aside. */
class SetAsideTest {
  private static final long BACKING_BYTES = 16L << 20;
  private static final int SECTOR = BlockDevice.SECTOR_BYTES;
  private static final DamagedRange DAMAGED = new DamagedRange(8192, SECTOR);

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  private Path cache = Path.of("");
  private Path backing = Path.of("");

  @BeforeEach
  void format() throws IOException {
    cache = folder.resolve("cache.img");
    Pcache.format(
        FormatOptions.of(cache).withSizeBytes(MediaLayout.MIN_CACHE_BYTES).withDataCrc(true));
    backing = SparseFiles.create(folder.resolve("backing.img"), BACKING_BYTES);
  }

  @Test
  @DisplayName("hazard 28: what was set aside counts as dirty, and a drain says that it is left")
  void aDrainThatLeavesWhatWasSetAsideSaysSo() throws IOException {
    FaultyStore faulty = new FaultyStore(FileBackingStore.open(backing));
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing), faulty)) {
      faulty.failWrites(0, BACKING_BYTES);
      BlockingDevice device = new BlockingDevice(open.device());
      device.write(0, SECTOR, 5);
      device.write(DAMAGED.offsetBytes(), SECTOR, 6);
      device.flush();
      damage(DAMAGED.offsetBytes(), 6);
      faulty.heal();

      assertThat(open.drain((left, atStart) -> {})).isFalse();
      assertLeft(open);
    }
    try (Pcache open = Pcache.open(OpenOptions.of(cache, backing))) {
      assertThat(open.drain((left, atStart) -> {})).isFalse();
      assertLeft(open);

      BlockingDevice device = new BlockingDevice(open.device());
      device.write(DAMAGED.offsetBytes(), SECTOR, 7);
      assertThat(open.drain((left, atStart) -> {})).isTrue();
      assertThat(open.status().dirtyBytes()).isZero();
      assertThat(open.status().setAside()).isEmpty();
    }
  }

  @Test
  @DisplayName(
      "hazard 10: each range is logged once when it is set aside, however often it is read")
  void eachRangeThatIsSetAsideIsLoggedOnce() throws IOException {
    FaultyStore faulty = new FaultyStore(FileBackingStore.open(backing));
    try (LogLines log = LogLines.of("io.pcache")) {
      try (Pcache open = Pcache.open(OpenOptions.of(cache, backing), faulty)) {
        faulty.failWrites(0, BACKING_BYTES);
        BlockingDevice device = new BlockingDevice(open.device());
        for (int i = 0; i < 3; i++) {
          device.write(DAMAGED.offsetBytes() + i * 2L * SECTOR, SECTOR, 6);
        }
        device.flush();
        await()
            .atMost(240, TimeUnit.SECONDS)
            .until(() -> !log.warnings("injected fault").isEmpty());
        for (int i = 0; i < 3; i++) {
          damage(DAMAGED.offsetBytes() + i * 2L * SECTOR, 6);
        }
        faulty.heal();
        assertThat(open.drain((left, atStart) -> {})).isFalse();
        readDamaged(device);
      }
      assertThat(log.warnings("damaged")).hasSize(3);
      for (int i = 0; i < 3; i++) {
        String range = "512 bytes at byte " + (DAMAGED.offsetBytes() + i * 2L * SECTOR);
        assertThat(log.warnings(range + " were damaged")).as(range).hasSize(1);
      }
      log.forget();
      try (Pcache open = Pcache.open(OpenOptions.of(cache, backing))) {
        readDamaged(new BlockingDevice(open.device()));
      }
      assertThat(log.warnings("damaged")).as("at the next open").hasSize(1);
    }
  }

  private static void readDamaged(BlockingDevice device) {
    for (int i = 0; i < 9; i++) {
      long offsetBytes = DAMAGED.offsetBytes() + i % 3 * 2L * SECTOR;
      assertThatThrownBy(() -> device.readAndForget(offsetBytes, SECTOR))
          .isInstanceOf(CorruptMediaException.class);
    }
  }

  private static void assertLeft(Pcache open) {
    assertThat(open.status().dirtyBytes()).isEqualTo(SECTOR);
    assertThat(open.status().setAside()).containsExactly(DAMAGED);
    assertThatThrownBy(() ->
            new BlockingDevice(open.device())
                .read(DAMAGED.offsetBytes(), MemorySegment.ofArray(new long[SECTOR / 8])))
        .isInstanceOf(CorruptMediaException.class);
  }

  /** Changes one byte of what the cache holds of a sector. */
  private void damage(long offsetBytes, int id) throws IOException {
    MemorySegment sector = MemorySegment.ofArray(new byte[SECTOR]);
    SectorContent.fill(sector, offsetBytes / SECTOR, id);
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
      file.seek(find(file.getChannel(), sector));
      file.write(~sector.get(ValueLayout.JAVA_BYTE, 0));
    }
  }

  private static long find(FileChannel file, MemorySegment sector) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(SECTOR);
    for (long at = MediaLayout.SEGMENTS_OFFSET; at < file.size(); at += SECTOR) {
      found.clear();
      if (file.read(found, at) == SECTOR
          && MemorySegment.ofBuffer(found.flip()).mismatch(sector) < 0) {
        return at;
      }
    }
    throw new AssertionError("the cache does not hold the sector");
  }
}
