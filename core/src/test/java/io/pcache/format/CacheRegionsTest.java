package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.media.ArrayMedia;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which bytes belong to a cache with two segments, of 20 KiB + 2 × 16 MiB. */
class CacheRegionsTest {
  private static final int SEGMENTS = 2;
  private static final long UNUSED_END_BYTES = 1 << 20;

  private final ArrayMedia cache =
      new ArrayMedia(MediaLayout.segmentOffset(SEGMENTS) + UNUSED_END_BYTES);

  @BeforeEach
  void makeACache() {
    FreshFormat.write(cache, false, "one");
    BadExtentList.storeDurably(cache, List.of(new BadExtentList.Range(512, 512)));
  }

  private CacheRegions regions() {
    return CacheRegions.on(cache.view());
  }

  @ParameterizedTest
  @CsvSource({
    "true, 0, 1024, first slot of the identity record",
    "true, 1072, 8, list of bad extents",
    "false, 3072, 8, slot that was never written",
    "false, 4120, 16, behind the superblock",
    "false, 8216, 8, behind a slot of cache_info",
    "true, 16384, 16, key_tail",
    "false, 20496, 8, behind a slot of segment_info",
    "false, 32764, 8, across the start of a data area",
    "true, 32768, 16764928, data area of segment 0",
    "false, 32768, 16764929, data area and more",
    "true, 33574908, 4, end of the last data area",
    "false, 33574912, 4, behind the last segment"
  })
  void recordsWithAChecksumAndDataAreasAreTheCaches(
      boolean own, long offsetBytes, long lengthBytes, String what) {
    assertThat(regions().hold(offsetBytes, lengthBytes)).as(what).isEqualTo(own);
  }

  @ParameterizedTest
  @CsvSource({
    "true, 4096, 4096, superblock",
    "true, 0, 8192, superblock and identity record",
    "true, 4096, 16384, all but the identity record",
    "true, 20480, 8192, segment_info of segment 0",
    "false, 0, 20480, head"
  })
  void oneRecordInTheHeadAndOneSegmentInfoAreACache(
      boolean stands, long offsetBytes, int lengthBytes, String lost) {
    cache.zero(offsetBytes, lengthBytes);
    assertThat(regions().areThere()).as(lost).isEqualTo(stands);
  }

  @Test
  void aSegmentWithoutItsInfoIsNotTheCaches() {
    cache.zero(MediaLayout.SEGMENTS_OFFSET, 8192);
    assertThat(regions().hold(128 << 10, 8)).isFalse();
    assertThat(regions().hold(MediaLayout.segmentOffset(1) + (128 << 10), 8)).isTrue();
    cache.zero(MediaLayout.segmentOffset(1), 8192);
    assertThat(regions().areThere()).isFalse();
    assertThat(regions().hold(0, 1024)).isFalse();
  }

  @Test
  void aDeviceWithoutRoomForASegmentHoldsNoCache() {
    assertThat(CacheRegions.on(cache.view().asSlice(0, 4096)).areThere()).isFalse();
  }
}
