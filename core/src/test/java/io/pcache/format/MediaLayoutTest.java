package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where things are, and one text that shows every number a reviewer has to agree to. */
class MediaLayoutTest {
  private static final List<RecordLayout> RECORDS =
      List.of(
          IdentityTest.LAYOUT,
          BadExtentListTest.LAYOUT,
          SuperblockTest.LAYOUT,
          CacheInfoTest.LAYOUT,
          TailPositionTest.LAYOUT,
          SegmentChainTest.LAYOUT,
          SegmentGenerationTest.LAYOUT,
          KeySetRecordTest.LAYOUT,
          KeyRecordTest.LAYOUT);

  @Test
  void theDerivedLayoutIsTheAgreedOne() throws IOException {
    assertThat(describe()).isEqualTo(agreed());
  }

  private static String agreed() throws IOException {
    try (InputStream text = MediaLayoutTest.class.getResourceAsStream("layout.txt")) {
      assertThat(text).isNotNull();
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String describe() {
    return "regions\n"
        + region("identity", MediaLayout.IDENTITY_OFFSET, TwoSlotLayout.IDENTITY)
        + region("bad extents", MediaLayout.BAD_EXTENTS_OFFSET, TwoSlotLayout.BAD_EXTENTS)
        + "  %8d  superblock%n".formatted(MediaLayout.SUPERBLOCK_OFFSET)
        + region("cache_info", MediaLayout.CACHE_INFO_OFFSET, TwoSlotLayout.CACHE_INFO)
        + region("key_tail", MediaLayout.KEY_TAIL_OFFSET, TwoSlotLayout.KEY_TAIL)
        + region("dirty_tail", MediaLayout.DIRTY_TAIL_OFFSET, TwoSlotLayout.DIRTY_TAIL)
        + "  %8d  segments of %d%n"
            .formatted(MediaLayout.SEGMENTS_OFFSET, MediaLayout.SEGMENT_BYTES)
        + "segment\n"
        + region("segment_info", 0, TwoSlotLayout.SEGMENT_INFO)
        + region("segment generation", MediaLayout.GENERATION_OFFSET, TwoSlotLayout.GENERATION)
        + "  %8d  data area of %d%n"
            .formatted(MediaLayout.SEGMENT_HEADER_BYTES, MediaLayout.DATA_AREA_BYTES)
        + RECORDS.stream().map(RecordLayout::describe).collect(Collectors.joining());
  }

  private static String region(String name, long offset, TwoSlotLayout layout) {
    return "  %8d  %s slot 0%n  %8d  %s slot 1%n"
        .formatted(offset, name, offset + layout.strideBytes(), name);
  }

  @Test
  void theRegionsFollowEachOther() {
    assertThat(MediaLayout.IDENTITY_OFFSET + 2L * TwoSlotLayout.IDENTITY.strideBytes())
        .isEqualTo(MediaLayout.SUPERBLOCK_OFFSET);
    assertThat(MediaLayout.CACHE_INFO_OFFSET + 2L * TwoSlotLayout.CACHE_INFO.strideBytes())
        .isEqualTo(MediaLayout.KEY_TAIL_OFFSET);
    assertThat(MediaLayout.KEY_TAIL_OFFSET + 2L * TwoSlotLayout.KEY_TAIL.strideBytes())
        .isEqualTo(MediaLayout.DIRTY_TAIL_OFFSET);
    assertThat(2L * TwoSlotLayout.SEGMENT_INFO.strideBytes())
        .isEqualTo(MediaLayout.GENERATION_OFFSET);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "20480, 0",
    "16797695, 0",
    "16797696, 1",
    "536870912, 31",
    "17592186064896, 1048576",
    "17592202842112, 1048576"
  })
  void aDeviceHoldsSoManySegments(long deviceBytes, int segments) {
    assertThat(MediaLayout.segmentsOn(deviceBytes)).isEqualTo(segments);
  }

  @Test
  void theLastSegmentOfTheLargestCacheStartsWithoutOverflow() {
    assertThat(MediaLayout.segmentOffset(MediaLayout.MAX_SEGMENTS - 1))
        .isEqualTo(20_480L + 1_048_575L * 16_777_216L);
  }
}
