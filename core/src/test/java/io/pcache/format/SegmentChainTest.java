package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.media.ArrayMedia;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentChainTest {
  static final RecordLayout LAYOUT =
      RecordLayout.ofTwoSlots(TwoSlotLayout.SEGMENT_INFO)
          .field("flags", SegmentChain.FLAGS_OFFSET, 4)
          .field("next_seg", SegmentChain.NEXT_SEG_OFFSET, 4);

  private static final int SEGMENTS = 3;
  private static final int CACHE_DATA = 1 << 1;
  private static final int HAS_NEXT = 1;

  private final ArrayMedia media = new ArrayMedia(MediaLayout.segmentOffset(SEGMENTS));

  private void link(int physicalSegment, int flags, int next) {
    TwoSlot slots =
        new TwoSlot(media, TwoSlotLayout.SEGMENT_INFO, MediaLayout.segmentOffset(physicalSegment));
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U32, SegmentChain.FLAGS_OFFSET, flags);
    record.set(LittleEndian.U32, SegmentChain.NEXT_SEG_OFFSET, next);
    slots.store(record);
  }

  private SegmentChain load(int firstSegment) {
    return SegmentChain.load(media, new CacheInfo(firstSegment, SEGMENTS, 2));
  }

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void aFreshChainIsInPhysicalOrder() {
    SegmentChain formatted = SegmentChain.format(media, SEGMENTS);
    SegmentChain loaded = load(0);
    assertThat(loaded.segments()).isEqualTo(SEGMENTS);
    for (int i = 0; i < SEGMENTS; i++) {
      assertThat(loaded.segmentOffset(i)).isEqualTo(MediaLayout.segmentOffset(i));
      assertThat(formatted.segmentOffset(i)).isEqualTo(MediaLayout.segmentOffset(i));
      assertThat(loaded.dataOffset(i)).isEqualTo(MediaLayout.segmentOffset(i) + 12_288);
    }
  }

  @Test
  void allButTheLastSegmentOfAFreshChainHaveANext() {
    SegmentChain.format(media, SEGMENTS);
    for (int i = 0; i < SEGMENTS; i++) {
      boolean last = i == SEGMENTS - 1;
      long at = MediaLayout.segmentOffset(i);
      assertThat(media.view().get(LittleEndian.U32, at + 8))
          .isEqualTo(last ? CACHE_DATA : CACHE_DATA | HAS_NEXT);
      assertThat(media.view().get(LittleEndian.U32, at + 12)).isEqualTo(last ? 0 : i + 1);
    }
  }

  @Test
  void formattingErasesGenerations() {
    SegmentGeneration.at(media, MediaLayout.segmentOffset(1)).store(9);
    SegmentChain.format(media, SEGMENTS);
    assertThat(SegmentGeneration.at(media, MediaLayout.segmentOffset(1)).load()).isZero();
  }

  @Test
  void aChainMayGoAnyWayThroughTheDevice() {
    link(2, CACHE_DATA | HAS_NEXT, 0);
    link(0, CACHE_DATA | HAS_NEXT, 1);
    SegmentChain chain = load(2);
    assertThat(chain.segmentOffset(0)).isEqualTo(MediaLayout.segmentOffset(2));
    assertThat(chain.segmentOffset(1)).isEqualTo(MediaLayout.segmentOffset(0));
    assertThat(chain.segmentOffset(2)).isEqualTo(MediaLayout.segmentOffset(1));
  }

  @Test
  void aChainThatLeadsBackIsRefused() {
    link(0, CACHE_DATA | HAS_NEXT, 1);
    link(1, CACHE_DATA | HAS_NEXT, 0);
    assertThatThrownBy(() -> load(0))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "segment chain: physical segment 0 found at place 2, one below 3 that was not met before expected");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, -1})
  void aLinkOutOfRangeIsRefused(int next) {
    link(0, CACHE_DATA | HAS_NEXT, next);
    assertThatThrownBy(() -> load(0))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "segment chain: physical segment %d found at place 1, one below 3 that was not met before expected"
                .formatted(Integer.toUnsignedLong(next)));
  }

  @Test
  void aChainThatEndsEarlyIsRefused() {
    link(0, CACHE_DATA | HAS_NEXT, 1);
    link(1, CACHE_DATA, 0);
    assertThatThrownBy(() -> load(0))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "segment_info of physical segment 1: the chain ends before n_segs segments; 'pcache repair' says what can be restored");
  }

  @Test
  void aMissingLinkIsRefused() {
    link(0, CACHE_DATA | HAS_NEXT, 1);
    assertThatThrownBy(() -> load(0))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "segment_info of physical segment 1: neither slot has a valid checksum; 'pcache repair' says what can be restored");
  }
}
