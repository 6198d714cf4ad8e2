package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.format.BadExtentList.Range;
import io.pcache.media.ArrayMedia;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BadExtentListTest {
  static final RecordLayout LAYOUT =
      RecordLayout.ofTwoSlots(TwoSlotLayout.BAD_EXTENTS)
          .field("magic", BadExtentList.MAGIC_OFFSET, 8)
          .field("count", BadExtentList.COUNT_OFFSET, 4)
          .field("reserved word", BadExtentList.COUNT_OFFSET + 4L, 4)
          .field(
              "ranges",
              BadExtentList.EXTENTS_OFFSET,
              BadExtentList.MAX_EXTENTS * BadExtentList.EXTENT_BYTES)
          .field("unused", 1016, 8);

  private final ArrayMedia media = new ArrayMedia(MediaLayout.SEGMENTS_OFFSET);

  static Stream<Range> impossibleRanges() {
    return Stream.of(
        new Range(-512, 1024),
        new Range(0, 0),
        new Range(0, -512),
        new Range(8, 512),
        new Range(0, 100),
        new Range(Long.MAX_VALUE - 511, 1024));
  }

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void aListIsReadAsItWasWritten() {
    assertThat(BadExtentList.load(media)).isEmpty();
    List<Range> full = Collections.nCopies(BadExtentList.MAX_EXTENTS, new Range(512, 1024));
    BadExtentList.storeDurably(media, full);
    assertThat(BadExtentList.load(media)).isEqualTo(full);
  }

  @ParameterizedTest
  @MethodSource("impossibleRanges")
  void anImpossibleRangeIsRefusedByNumberAndValue(Range bad) {
    BadExtentList.storeDurably(media, List.of(new Range(0, 512), bad));
    assertThatThrownBy(() -> BadExtentList.load(media))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessageContaining("range 1")
        .hasMessageContaining("offset " + bad.offsetBytes())
        .hasMessageContaining("length " + bad.lengthBytes());
  }
}
