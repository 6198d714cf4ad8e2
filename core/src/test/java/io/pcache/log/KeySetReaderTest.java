package io.pcache.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.Key;
import io.pcache.format.KeyRecord;
import io.pcache.format.KeySetRecord;
import io.pcache.format.LogAddress;
import io.pcache.format.MediaLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values that no writer may leave behind, under checksums that are right. */
class KeySetReaderTest {
  /** A key that is fine but for one value, and what has to be said about it. */
  record Hostile(
      String name, long off, int len, int flags, int segment, int segOff, String message) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final long DEVICE = LogFixture.DEVICE_BYTES;
  private static final int AREA = MediaLayout.DATA_AREA_BYTES;
  private static final int MIB_4 = 4 << 20;

  static final List<Hostile> HOSTILE =
      List.of(
          new Hostile("EMPTY flag", 0, 512, 1, 1, 0, "the EMPTY flag is set"),
          new Hostile("EMPTY and CLEAN flags", 0, 512, 3, 1, 0, "the EMPTY flag is set"),
          new Hostile("len 0", 0, 0, 0, 1, 0, "len 0, cache_seg_off 0 found, multiples of 512"),
          new Hostile("unaligned off", 8, 512, 0, 1, 0, "off 8, len 512"),
          new Hostile("unaligned len", 0, 513, 0, 1, 0, "len 513"),
          new Hostile("unaligned cache_seg_off", 0, 512, 0, 1, 100, "cache_seg_off 100 found"),
          new Hostile("off at the device's end", DEVICE, 512, 0, 1, 0, "67108864 bytes expected"),
          new Hostile("end past the device", DEVICE - 512, 1024, 0, 1, 0, "67108864 bytes"),
          new Hostile("off with its highest bit set", -512, 512, 0, 1, 0, "off -512 + len 512"),
          new Hostile("off near the largest", Long.MAX_VALUE - 511, 512, 0, 1, 0, "67108864 bytes"),
          new Hostile("4 MiB boundary", MIB_4 - 512, 1024, 0, 1, 0, "crosses a 4 MiB boundary"),
          new Hostile("longer than 4 MiB", 0, MIB_4 + 512, 0, 1, 0, "crosses a 4 MiB boundary"),
          new Hostile("len near 4 GiB", 0, -512, 0, 1, 0, "off 0 + len 4294966784 found"),
          new Hostile("segment 4 of 4", 0, 512, 0, 4, 0, "cache_seg_id 4 found, below 4 expected"),
          new Hostile("segment -1", 0, 512, 0, -1, 0, "cache_seg_id 4294967295 found"),
          new Hostile("at the area's end", 0, 512, 0, 1, AREA, "cache_seg_off 16764928 + len 512"),
          new Hostile("past the area", 0, 1024, 0, 1, AREA - 512, "at most 16764928 expected"),
          new Hostile("cache_seg_off near 4 GiB", 0, 512, 0, 1, -512, "cache_seg_off 4294966784"));

  private final LogFixture log = new LogFixture();

  private void put(Hostile key) {
    MemorySegment bytes = log.bytesAt(LogFixture.START);
    new Key().range(0, 512).place(1, 0).store(bytes, KeySetRecord.keyOffset(0));
    new Key()
        .range(key.off(), key.len())
        .flags(key.flags())
        .place(key.segment(), key.segOff())
        .store(bytes, KeySetRecord.keyOffset(1));
    KeySetRecord.seal(bytes, 0, 2);
  }

  @ParameterizedTest
  @FieldSource("HOSTILE")
  void aKeyThatCannotBeIsRefused(Hostile key) {
    put(key);
    assertThatThrownBy(() -> log.reader.read(LogFixture.START))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageStartingWith("key 1 of the key set at 0:0: ")
        .hasMessageContaining(key.message());
  }

  @ParameterizedTest
  @FieldSource("HOSTILE")
  void aWalkMeetsARefusedKeyAsDamageNotAsItsEnd(Hostile key) {
    put(key);
    assertThatThrownBy(() -> log.endOfWalkFrom(LogFixture.START))
        .isInstanceOf(CorruptMediaException.class);
  }

  @Test
  void keysAtEveryLimitAreFine() {
    MemorySegment bytes = log.bytesAt(LogFixture.START);
    new Key()
        .range(DEVICE - 512, 512)
        .clean(true)
        .place(3, AREA - 512)
        .generation(-1)
        .dataCrc(-1)
        .store(bytes, KeySetRecord.keyOffset(0));
    new Key().range(MIB_4, MIB_4).store(bytes, KeySetRecord.keyOffset(1));
    KeySetRecord.seal(bytes, 0, 2);
    assertThat(log.reader.read(LogFixture.START)).isEqualTo(KeySetReader.Found.KEYS);
    assertThat(log.reader.keyCount()).isEqualTo(2);
    assertThat(log.reader.sizeBytes()).isEqualTo(104);
  }

  @ParameterizedTest
  @ValueSource(ints = {LogFixture.SEGMENTS, -1, Integer.MIN_VALUE})
  void aLastKeySetThatNamesNoSegmentIsRefused(int next) {
    KeySetRecord.sealLast(log.bytesAt(LogFixture.START), 0, next);
    assertThatThrownBy(() -> log.reader.read(LogFixture.START))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "LAST key set at 0:0: next segment %d found, below 4 expected"
                .formatted(Integer.toUnsignedLong(next)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 16})
  void whereNoHeaderFitsThereIsNothing(int roomBytes) {
    assertThat(log.reader.read(new LogAddress(0, AREA - roomBytes)))
        .isEqualTo(KeySetReader.Found.NOTHING);
  }

  @Test
  void aKeySetThatOverrunsItsSegmentIsNothing() {
    LogAddress position = new LogAddress(0, AREA - KeySetRecord.sizeBytes(2) + 8);
    long at = log.chain.dataOffset(0) + position.segOffsetBytes();
    KeySetRecord.seal(log.media.bytes(), at, 2);
    assertThat(log.reader.read(position)).isEqualTo(KeySetReader.Found.NOTHING);
  }

  @Test
  void aKeySetWithoutKeysIsPassedOver() {
    KeySetRecord.seal(log.bytesAt(LogFixture.START), 0, 0);
    assertThat(log.endOfWalkFrom(LogFixture.START)).isEqualTo(new LogAddress(0, 24));
  }

  @Test
  void theCopyDoesNotChangeWithTheMedia() {
    LogFixture.append(log.writerAt(LogFixture.START), LogFixture.batch(7, 1, 1));
    assertThat(log.reader.read(LogFixture.START)).isEqualTo(KeySetReader.Found.KEYS);
    log.bytesAt(LogFixture.START).fill((byte) 0xEE);
    assertThat(KeyRecord.dataCrc(log.reader.bytes(), KeySetRecord.keyOffset(0))).isEqualTo(7);
  }

  @Test
  void aChainOfLastKeySetsThatLoopsIsRefused() {
    for (int i = 0; i < LogFixture.SEGMENTS; i++) {
      KeySetRecord.sealLast(log.bytesAt(new LogAddress(i, 0)), 0, (i + 1) % LogFixture.SEGMENTS);
    }
    assertThatThrownBy(() -> log.endOfWalkFrom(LogFixture.START))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage("log: the chain of LAST key sets from 0:0 comes to segment 0 twice");
  }

  @Test
  void aChainThroughEverySegmentIsWalked() {
    for (int i = 0; i < LogFixture.SEGMENTS - 1; i++) {
      KeySetRecord.sealLast(log.bytesAt(new LogAddress(i, 0)), 0, i + 1);
    }
    assertThat(log.endOfWalkFrom(LogFixture.START))
        .isEqualTo(new LogAddress(LogFixture.SEGMENTS - 1, 0));
  }
}
