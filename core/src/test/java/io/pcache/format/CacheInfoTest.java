package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pcache.error.CorruptMediaException;
import io.pcache.error.UnsupportedFormatException;
import io.pcache.media.ArrayMedia;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheInfoTest {
  static final RecordLayout LAYOUT =
      RecordLayout.ofTwoSlots(TwoSlotLayout.CACHE_INFO)
          .field("seg_id", CacheInfo.SEG_ID_OFFSET, 4)
          .field("n_segs", CacheInfo.N_SEGS_OFFSET, 4)
          .field("flags", CacheInfo.FLAGS_OFFSET, 4)
          .field("reserved word", CacheInfo.FLAGS_OFFSET + 4L, 4);

  private static final int SEGMENTS = 3;
  private static final Superblock SUPERBLOCK = new Superblock(0, SEGMENTS);
  private static final int INIT_DONE = 2;

  private final ArrayMedia media = new ArrayMedia(MediaLayout.SEGMENTS_OFFSET);

  private CacheInfo reloaded(CacheInfo info) {
    info.storeDurably(media);
    return CacheInfo.load(media, SUPERBLOCK);
  }

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void whatIsStoredIsLoaded() {
    CacheInfo info = CacheInfo.fresh(SEGMENTS, true).withGcPercent(55);
    assertThat(reloaded(info)).isEqualTo(info);
  }

  @Test
  void aFreshCacheHasTheKernelsDefaults() {
    CacheInfo info = CacheInfo.fresh(SEGMENTS, false);
    assertThat(info.flags()).isEqualTo(INIT_DONE | (70 << 6));
    assertThat(info.segId()).isZero();
    assertThat(info.dataCrc()).isFalse();
    assertThat(CacheInfo.fresh(SEGMENTS, true).flags()).isEqualTo(1 | INIT_DONE | (70 << 6));
  }

  @Test
  void theReservedWordIsStoredAsZero() {
    media.bytes().fill((byte) 0xFF);
    CacheInfo.fresh(SEGMENTS, false).storeDurably(media);
    assertThat(media.bytes().get(LittleEndian.U32, MediaLayout.CACHE_INFO_OFFSET + 20)).isZero();
  }

  @Test
  void everyGcPercentKeepsTheOtherFlags() {
    for (int percent = 0; percent <= 90; percent++) {
      CacheInfo info = CacheInfo.fresh(SEGMENTS, true).withGcPercent(percent);
      assertThat(reloaded(info).gcPercent()).isEqualTo(percent);
      assertThat(info.flags() & 0x3F).isEqualTo(3);
    }
  }

  @Test
  void bothSlotsInvalidIsDamage() {
    assertThatThrownBy(() -> CacheInfo.load(media, SUPERBLOCK))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "cache_info: neither slot (bytes 8192 and 12288) has a valid checksum; 'pcache repair' says what can be restored");
  }

  @Test
  void aCacheWhoseFormattingNeverFinishedIsRefused() {
    assertThatThrownBy(() -> reloaded(new CacheInfo(0, SEGMENTS, 70 << 6)))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining("never finished")
        .hasMessageNotContaining("format it again");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 15})
  void modesOtherThanWritebackAreRefused(int mode) {
    assertThatThrownBy(() -> reloaded(new CacheInfo(0, SEGMENTS, INIT_DONE | (mode << 2))))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessage("cache_info: cache mode " + mode + " found, only 0 (writeback) is supported");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 4, -1})
  void aSegmentCountOtherThanTheSuperblocksIsRefused(int segments) {
    assertThatThrownBy(() -> reloaded(new CacheInfo(0, segments, INIT_DONE)))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "cache_info: n_segs %d found, 3 expected from the superblock"
                .formatted(Integer.toUnsignedLong(segments)));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, -1, Integer.MAX_VALUE})
  void aFirstSegmentOutOfRangeIsRefused(int segId) {
    assertThatThrownBy(() -> reloaded(new CacheInfo(segId, SEGMENTS, INIT_DONE)))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage(
            "cache_info: seg_id %d found, below 3 expected"
                .formatted(Integer.toUnsignedLong(segId)));
  }

  @ParameterizedTest
  @ValueSource(ints = {91, 127})
  void aGcPercentAboveNinetyIsRefused(int percent) {
    assertThatThrownBy(() -> reloaded(new CacheInfo(0, SEGMENTS, INIT_DONE | (percent << 6))))
        .isInstanceOf(CorruptMediaException.class)
        .hasMessage("cache_info: gc_percent " + percent + " found, 0 to 90 expected");
  }
}
