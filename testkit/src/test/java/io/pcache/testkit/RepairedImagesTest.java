package io.pcache.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.CacheRepair;
import io.pcache.FormatOptions;
import io.pcache.OpenOptions;
import io.pcache.Pcache;
import io.pcache.error.CorruptMediaException;
import io.pcache.error.UnsupportedFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a real kernel left loses one record after the other, and each is rebuilt as it was. */
@Tag("engine")
class RepairedImagesTest {
  private static final int HEAD_BYTES = 20 << 10;
  private static final long SEGMENT_BYTES = 16 << 20;
  private static final int SEGMENT_HEADER_BYTES = 12 << 10;
  private static final int SEGMENTS = 31;
  private static final byte NOISE = 0x5A;

  /** Ranges of a device that are overwritten. */
  enum Loss {
    SUPERBLOCK(4096, 4096),
    CACHE_INFO(8192, 8192),
    SUPERBLOCK_AND_CACHE_INFO(4096, 12288),
    KEY_TAIL(16384, 32),
    DIRTY_TAIL(16416, 32),
    NEWEST_SEGMENT_INFO(segment(1), 4096),
    SEGMENT_INFO(segment(4), 8192),
    LAST_SEGMENT_INFO(segment(SEGMENTS - 1), 8192),
    GENERATIONS(0, 0) {
      @Override
      void inflict(MemorySegment device) {
        for (int i = 0; i < SEGMENTS; i++) {
          device.asSlice(segment(i) + 8192, 32).fill(NOISE);
        }
      }
    };

    private final long offsetBytes;
    private final long lengthBytes;

    Loss(long offsetBytes, long lengthBytes) {
      this.offsetBytes = offsetBytes;
      this.lengthBytes = lengthBytes;
    }

    void inflict(MemorySegment device) {
      device.asSlice(offsetBytes, lengthBytes).fill(NOISE);
    }
  }

  private static long segment(int number) {
    return HEAD_BYTES + number * SEGMENT_BYTES;
  }

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  static List<GoldenImage> images() {
    return GoldenImage.all();
  }

  /** All records of a device, without the data areas. */
  private static List<byte[]> records(MemorySegment device) {
    List<byte[]> records = new ArrayList<>();
    records.add(device.asSlice(0, HEAD_BYTES).toArray(ValueLayout.JAVA_BYTE));
    for (int i = 0; i < SEGMENTS; i++) {
      records.add(device.asSlice(segment(i), SEGMENT_HEADER_BYTES).toArray(ValueLayout.JAVA_BYTE));
    }
    return records;
  }

  private static void restore(MemorySegment device, List<byte[]> records) {
    for (int i = 0; i < records.size(); i++) {
      MemorySegment bytes = MemorySegment.ofArray(records.get(i));
      long at = i == 0 ? 0 : segment(i - 1);
      MemorySegment.copy(bytes, 0, device, at, bytes.byteSize());
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  @DisplayName("hazard 27: whatever record is lost, formatting is refused and a repair rebuilds it")
  void eachLostRecordIsRebuilt(GoldenImage image) throws IOException {
    Path cache = image.unpack(folder).cache();
    try (Arena arena = Arena.ofConfined();
        FileChannel file =
            FileChannel.open(cache, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment device = file.map(FileChannel.MapMode.READ_WRITE, 0, file.size(), arena);
      List<byte[]> whole = records(device);
      for (Loss loss : Loss.values()) {
        loss.inflict(device);
        assertThatThrownBy(() -> Pcache.format(FormatOptions.of(cache)))
            .as("%s of %s", loss, image)
            .isInstanceOf(UnsupportedFormatException.class)
            .hasMessageContaining("a pcache cache (");
        repair(cache, image);
        checkRepaired(loss, image, device, whole);
        restore(device, whole);
      }
    }
  }

  private static void repair(Path cache, GoldenImage image) {
    if (image.name().equals("fresh")) {
      // No key tells, so where cache_info is lost somebody has to.
      try (CacheRepair repair = CacheRepair.open(cache, image.dataCrc())) {
        repair.apply();
      }
      return;
    }
    try (CacheRepair repair = CacheRepair.open(cache)) {
      repair.apply();
    }
    try (CacheRepair repair = CacheRepair.open(cache)) {
      assertThat(repair.isDamaged()).as("%s", repair.findings()).isFalse();
    }
  }

  private static void checkRepaired(
      Loss loss, GoldenImage image, MemorySegment device, List<byte[]> whole) {
    LogImage log = new LogImage(device);
    switch (loss) {
      case SUPERBLOCK -> assertAsBefore(device, whole, 4096, 24);
      case NEWEST_SEGMENT_INFO -> assertAsBefore(device, whole, segment(1), 16);
      case SEGMENT_INFO -> assertLink(device, 4, 3, 5);
      case LAST_SEGMENT_INFO -> assertLink(device, SEGMENTS - 1, 2, 0);
      case CACHE_INFO, SUPERBLOCK_AND_CACHE_INFO -> {
        assertThat(flags(device) & 0x3F).isEqualTo(image.dataCrc() ? 3 : 2);
        assertThat(flags(device) >>> 6).isEqualTo(70);
        assertAsBefore(device, whole, 4096, 24);
      }
      case KEY_TAIL -> assertThat(log.keyTail()).isEqualTo(log.dirtyTail());
      case DIRTY_TAIL -> assertThat(log.dirtyTail()).isEqualTo(log.keyTail());
      case GENERATIONS -> checkGenerations(log, whole);
    }
  }

  private static void assertAsBefore(
      MemorySegment device, List<byte[]> whole, long offsetBytes, int lengthBytes) {
    int segment = (int) ((offsetBytes - HEAD_BYTES) / SEGMENT_BYTES);
    boolean inHead = offsetBytes < HEAD_BYTES;
    byte[] records = whole.get(inHead ? 0 : segment + 1);
    int at = (int) (offsetBytes - (inHead ? 0 : segment(segment)));
    assertThat(device.asSlice(offsetBytes, lengthBytes).toArray(ValueLayout.JAVA_BYTE))
        .as("%d bytes at byte %d", lengthBytes, offsetBytes)
        .isEqualTo(Arrays.copyOfRange(records, at, at + lengthBytes));
  }

  private static void assertLink(MemorySegment device, int segment, int flags, int next) {
    assertThat(device.get(ValueLayout.JAVA_INT_UNALIGNED, segment(segment) + 8)).isEqualTo(flags);
    assertThat(device.get(ValueLayout.JAVA_INT_UNALIGNED, segment(segment) + 12)).isEqualTo(next);
  }

  private static int flags(MemorySegment device) {
    return device.get(ValueLayout.JAVA_INT_UNALIGNED, 8192 + 16);
  }

  /** Whatever keys name has the generation of its youngest key. */
  private static void checkGenerations(LogImage log, List<byte[]> whole) {
    MemorySegment device = MemorySegment.ofArray(new byte[(int) (2 * SEGMENT_BYTES)]);
    var at = log.keyTail().orElseThrow();
    while (log.read(at)) {
      for (int i = 0; i < log.keys(); i++) {
        int segment = log.segment(i);
        restoreInto(device, whole.get(segment + 1));
        assertThat(log.generation(segment)).isEqualTo(new LogImage(device).generation(0));
      }
      at = log.after(at);
    }
  }

  private static void restoreInto(MemorySegment device, byte[] segmentHeader) {
    MemorySegment.copy(
        MemorySegment.ofArray(segmentHeader), 0, device, HEAD_BYTES, segmentHeader.length);
  }

  @ParameterizedTest
  @MethodSource("images")
  @DisplayName(
      "hazard 27: a cache that lost most of its records is repaired, opens, and has it all")
  void aCacheThatLostMostRecordsHasAllItsData(GoldenImage image) throws IOException {
    GoldenImage.Unpacked devices = image.unpack(folder);
    try (Arena arena = Arena.ofConfined();
        FileChannel file =
            FileChannel.open(devices.cache(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment device = file.map(FileChannel.MapMode.READ_WRITE, 0, file.size(), arena);
      Loss.SUPERBLOCK_AND_CACHE_INFO.inflict(device);
      Loss.DIRTY_TAIL.inflict(device);
      Loss.SEGMENT_INFO.inflict(device);
    }
    OpenOptions options = OpenOptions.of(devices.cache(), devices.backing()).withAdopt(true);
    assertThatThrownBy(() -> Pcache.open(options).close())
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("what is left of a pcache cache")
        .hasMessageContaining("'pcache repair'");
    if (image.name().equals("fresh")) {
      assertThatThrownBy(() -> CacheRepair.open(devices.cache()).close())
          .isInstanceOf(CorruptMediaException.class)
          .hasMessageContaining("0 keys match the checksum of their data, 0 do not");
    }
    repair(devices.cache(), image);
    try (Pcache cache = Pcache.open(options)) {
      assertThat(cache.status().dataCrc()).isEqualTo(image.dataCrc());
      assertThat(Sha256.of(new BlockingDevice(cache.device()))).isEqualTo(image.logicalSha256());
      cache.drain((left, atStart) -> {});
    }
    assertThat(Sha256.of(devices.backing())).isEqualTo(image.logicalSha256());
  }
}
