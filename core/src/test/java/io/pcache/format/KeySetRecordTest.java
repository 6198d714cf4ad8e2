package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeySetRecordTest {
  static final RecordLayout LAYOUT =
      new RecordLayout("key set header", KeySetRecord.HEADER_BYTES)
          .field("crc", KeySetRecord.CRC_OFFSET, 4)
          .field("key_num or next_seg", KeySetRecord.KEY_NUM_OFFSET, 4)
          .field("magic", KeySetRecord.MAGIC_OFFSET, 8)
          .field("flags", KeySetRecord.FLAGS_OFFSET, 8);

  private static final int LARGEST = KeySetRecord.sizeBytes(KeySetRecord.MAX_KEYS);

  private final MemorySegment bytes = MemorySegment.ofArray(new long[1024]);

  private void seal(int keys) {
    for (int i = 0; i < keys; i++) {
      new Key().range(i * 512L, 512).place(0, i * 512).store(bytes, KeySetRecord.keyOffset(i));
    }
    KeySetRecord.seal(bytes, 0, keys);
  }

  @Test
  void theFieldsFillTheHeader() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void keysFollowTheHeaderWithoutGap() {
    assertThat(KeySetRecord.keyOffset(0)).isEqualTo(24);
    assertThat(KeySetRecord.keyOffset(1)).isEqualTo(64);
    assertThat(LARGEST).isEqualTo(5144);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 127, 128})
  void aSealedKeySetIsValid(int keys) {
    seal(keys);
    assertThat(KeySetRecord.isValid(bytes, 0, KeySetRecord.sizeBytes(keys))).isTrue();
    assertThat(KeySetRecord.isLast(bytes, 0)).isFalse();
    assertThat(KeySetRecord.keyCountOrNextSegment(bytes, 0)).isEqualTo(keys);
  }

  @Test
  void aLastKeySetNamesTheNextSegmentHoweverLargeItsNumber() {
    KeySetRecord.sealLast(bytes, 8, 1_048_575);
    assertThat(KeySetRecord.isValid(bytes, 8, KeySetRecord.HEADER_BYTES)).isTrue();
    assertThat(KeySetRecord.isLast(bytes, 8)).isTrue();
    assertThat(KeySetRecord.keyCountOrNextSegment(bytes, 8)).isEqualTo(1_048_575);
  }

  @Test
  void aKeySetThatDoesNotFitIsNotValid() {
    seal(2);
    assertThat(KeySetRecord.isValid(bytes, 0, KeySetRecord.sizeBytes(2) - 1)).isFalse();
    assertThat(KeySetRecord.isValid(bytes, 0, KeySetRecord.HEADER_BYTES - 1)).isFalse();
    assertThat(KeySetRecord.isValid(bytes, 0, 0)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {129, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void aKeyCountOutOfRangeIsNotValid(int keys) {
    seal(1);
    bytes.set(LittleEndian.U32, KeySetRecord.KEY_NUM_OFFSET, keys);
    assertThat(KeySetRecord.isValid(bytes, 0, LARGEST)).isFalse();
  }

  @Test
  void everyFlippedByteMakesItInvalid() {
    seal(2);
    for (int i = 0; i < KeySetRecord.sizeBytes(2); i++) {
      byte before = bytes.get(ValueLayout.JAVA_BYTE, i);
      bytes.set(ValueLayout.JAVA_BYTE, i, (byte) ~before);
      assertThat(KeySetRecord.isValid(bytes, 0, LARGEST)).as("byte %d", i).isFalse();
      bytes.set(ValueLayout.JAVA_BYTE, i, before);
    }
    assertThat(KeySetRecord.isValid(bytes, 0, LARGEST)).isTrue();
  }

  @Test
  void zeroesAreNotAKeySet() {
    assertThat(KeySetRecord.isValid(bytes, 0, LARGEST)).isFalse();
  }
}
