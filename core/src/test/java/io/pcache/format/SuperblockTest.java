package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.media.ArrayMedia;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SuperblockTest {
  static final RecordLayout LAYOUT =
      new RecordLayout("superblock", Superblock.SIZE_BYTES)
          .field("crc", Superblock.CRC_OFFSET, 4)
          .field("flags", Superblock.FLAGS_OFFSET, 4)
          .field("magic", Superblock.MAGIC_OFFSET, 8)
          .field("seg_num", Superblock.SEG_NUM_OFFSET, 4)
          .field("padding", Superblock.SEG_NUM_OFFSET + 4L, 4);

  private static final int SEGMENTS = 3;
  private static final long AT = MediaLayout.SUPERBLOCK_OFFSET;

  private final ArrayMedia media = new ArrayMedia(MediaLayout.segmentOffset(SEGMENTS));

  private void reseal() {
    MemorySegment record = media.bytes().asSlice(AT, Superblock.SIZE_BYTES);
    record.set(LittleEndian.U32, 0, Checksum.of(record, 4, Superblock.SIZE_BYTES - 4));
  }

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void whatIsStoredIsLoaded() {
    Superblock stored = new Superblock(0, SEGMENTS);
    stored.store(media);
    assertThat(Superblock.load(media)).isEqualTo(stored);
  }

  @Test
  void thePaddingIsStoredAsZero() {
    media.bytes().asSlice(AT, 4096).fill((byte) 0xFF);
    new Superblock(0, SEGMENTS).store(media);
    assertThat(media.bytes().get(LittleEndian.U32, AT + 20)).isZero();
  }

  @Test
  void paddingThatTheChecksumCoversMayHoldAnything() {
    new Superblock(0, SEGMENTS).store(media);
    media.bytes().set(LittleEndian.U32, AT + 20, 0x5EED);
    reseal();
    assertThat(Superblock.load(media).segNum()).isEqualTo(SEGMENTS);
  }

  @Test
  void anAbsentMagicIsNoCache() {
    assertThat(Superblock.isPresent(media.view())).isFalse();
    assertThatThrownBy(() -> Superblock.load(media))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("no cache found")
        .hasMessageNotContaining("pcache format");
  }

  @Test
  void aDeviceTooSmallForASuperblockIsNoCache() {
    assertThatThrownBy(() -> Superblock.load(new ArrayMedia(4096)))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("no cache found");
  }

  @Test
  void aWrongChecksumIsNamedWithTheRightOne() {
    new Superblock(0, SEGMENTS).store(media);
    int expected = media.bytes().get(LittleEndian.U32, AT);
    media.bytes().set(LittleEndian.U32, AT, 0x1234);
    assertThatThrownBy(() -> Superblock.load(media))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "superblock at byte 4096: checksum 00001234 found, %08x expected; 'pcache repair' says what can be restored"
                .formatted(expected));
  }

  @Test
  void aBigEndianCacheIsRefused() {
    new Superblock(1, SEGMENTS).store(media);
    assertThatThrownBy(() -> Superblock.load(media))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("big-endian");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, SEGMENTS + 1, -1, Integer.MIN_VALUE})
  void aSegmentCountThatTheDeviceCannotHoldIsRefused(int segNum) {
    new Superblock(0, segNum).store(media);
    assertThatThrownBy(() -> Superblock.load(media))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageStartingWith(
            "superblock: seg_num %d found, 1 to 3 expected on a device of %d bytes"
                .formatted(Integer.toUnsignedLong(segNum), media.sizeBytes()));
  }

  @Test
  @DisplayName("hazard 42: a device that was cut short is told as that")
  void aDeviceThatWasCutShortIsToldWithWhatToDo() {
    new Superblock(0, SEGMENTS + 2).store(media);
    assertThatThrownBy(() -> Superblock.load(media))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContainingAll(
            "it was cut short",
            "at least " + MediaLayout.segmentOffset(SEGMENTS + 2) + " bytes",
            "from a copy",
            "has everything if the last stop left nothing dirty");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, SEGMENTS})
  void fewerSegmentsThanTheDeviceHoldsAreFine(int segNum) {
    new Superblock(0, segNum).store(media);
    assertThat(Superblock.load(media).segNum()).isEqualTo(segNum);
  }
}
