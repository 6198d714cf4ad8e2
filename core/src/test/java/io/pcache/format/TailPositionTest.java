package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.media.ArrayMedia;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TailPositionTest {
  static final RecordLayout LAYOUT =
      RecordLayout.ofTwoSlots(TwoSlotLayout.KEY_TAIL)
          .field("cache_seg_id", TailPosition.CACHE_SEG_ID_OFFSET, 4)
          .field("seg_off", TailPosition.SEG_OFF_OFFSET, 4);

  private static final int SEGMENTS = 3;

  private final ArrayMedia media = new ArrayMedia(MediaLayout.SEGMENTS_OFFSET);
  private final TailPosition keyTail = TailPosition.keyTail(media, SEGMENTS);
  private final TailPosition dirtyTail = TailPosition.dirtyTail(media, SEGMENTS);

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
    assertThat(TwoSlotLayout.DIRTY_TAIL.sizeBytes()).isEqualTo(TwoSlotLayout.KEY_TAIL.sizeBytes());
  }

  @Test
  void theTwoTailsAreStoredApart() {
    keyTail.storeDurably(new LogAddress(1, 64));
    dirtyTail.storeDurably(new LogAddress(2, 128));
    keyTail.storeDurably(new LogAddress(1, 72));
    assertThat(keyTail.load()).isEqualTo(new LogAddress(1, 72));
    assertThat(dirtyTail.load()).isEqualTo(new LogAddress(2, 128));
  }

  @Test
  @DisplayName("hazard 29: the last place of a tail has room for one header")
  void theLastPlaceOfAHeaderIsAPosition() {
    LogAddress end = new LogAddress(SEGMENTS - 1, MediaLayout.DATA_AREA_BYTES - 24);
    keyTail.storeDurably(end);
    assertThat(keyTail.load()).isEqualTo(end);
  }

  @Test
  void noValidSlotIsDamageThatNamesTheTail() {
    assertThatThrownBy(keyTail::load)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "key_tail: neither slot has a valid checksum; the log's beginning is unknown; 'pcache repair' says what can be restored");
    assertThatThrownBy(dirtyTail::load)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageStartingWith("dirty_tail: neither slot");
  }

  @ParameterizedTest
  @CsvSource({
    "3, 0",
    "-1, 0",
    "0, 16764912",
    "0, 16764920",
    "0, 16764928",
    "0, 16764936",
    "0, -8",
    "1, 4",
    "0, 2147483640"
  })
  void aPositionOutsideTheLogIsRefused(int segment, int offset) {
    dirtyTail.storeDurably(new LogAddress(segment, offset));
    assertThatThrownBy(dirtyTail::load)
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "dirty_tail: position %d:%d found, a segment below 3 and an aligned offset of at most 16764904 expected"
                .formatted(Integer.toUnsignedLong(segment), Integer.toUnsignedLong(offset)));
  }

  @Test
  void aTailThatWasNeverStoredIsMissing() {
    assertThatThrownBy(keyTail::load).isInstanceOf(CorruptMediaException.class);
  }

  @Test
  void aPositionPrintsAsTheKernelDoes() {
    assertThat(new LogAddress(4, 1048)).hasToString("4:1048");
  }
}
