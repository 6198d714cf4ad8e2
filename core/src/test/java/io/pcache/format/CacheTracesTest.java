package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.media.ArrayMedia;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each record of a cache tells by itself that it is one. */
class CacheTracesTest {
  private static final int SEGMENTS = 2;
  private static final long SEGMENT_1 = MediaLayout.segmentOffset(1);
  private static final long KEY_SET = SEGMENT_1 + MediaLayout.SEGMENT_HEADER_BYTES + 4096;

  private final ArrayMedia cache = blank();

  private static ArrayMedia blank() {
    return new ArrayMedia(MediaLayout.segmentOffset(SEGMENTS));
  }

  @BeforeEach
  void makeACacheWithEveryRecord() {
    FreshFormat.write(cache, false, "one");
    BadExtentList.storeDurably(cache, List.of(new BadExtentList.Range(512, 512)));
    SegmentGeneration.at(cache, SEGMENT_1).store(3);
    KeySetRecord.sealLast(cache.bytes(), KEY_SET, 0);
  }

  @Test
  void aWholeCacheShowsAllOfThem() {
    assertThat(CacheTraces.on(cache.view()))
        .containsExactly(
            "superblock",
            "identity record",
            "list of bad extents",
            "cache_info",
            "key_tail",
            "dirty_tail",
            "segment_info of 2 segments",
            "generation of 1 segment",
            "key sets in 1 segment");
    assertThat(CacheTraces.describe(cache.view()).orElseThrow())
        .startsWith("a pcache cache (superblock, identity record,");
  }

  @ParameterizedTest
  @CsvSource({
    "superblock, 4096, 4096",
    "identity record, 0, 1024",
    "list of bad extents, 1024, 1024",
    "cache_info, 8192, 8192",
    "key_tail, 16384, 32",
    "dirty_tail, 16416, 32",
    "segment_info of 1 segment, 20480, 8192",
    "generation of 1 segment, 16805888, 4096",
    "key sets in 1 segment, 16809984, 8192"
  })
  @DisplayName("hazard 27: a trace of a cache is found wherever one is left")
  void whereOneIsLeftItIsFound(String what, long offsetBytes, long lengthBytes) {
    ArrayMedia rest = blank();
    MemorySegment.copy(cache.bytes(), offsetBytes, rest.bytes(), offsetBytes, lengthBytes);
    assertThat(CacheTraces.on(rest.view())).containsExactly(what);
  }

  @ParameterizedTest
  @CsvSource({
    "damaged superblock, 4096, 24, 20",
    "damaged identity record, 0, 1024, 100",
    "damaged list of bad extents, 1024, 1024, 30"
  })
  void whatHasAMagicNumberIsFoundDamagedToo(
      String what, long offsetBytes, long lengthBytes, long damaged) {
    ArrayMedia rest = blank();
    MemorySegment.copy(cache.bytes(), offsetBytes, rest.bytes(), offsetBytes, lengthBytes);
    rest.bytes().set(LittleEndian.U32, offsetBytes + damaged, 0x5EED);
    assertThat(CacheTraces.on(rest.view())).containsExactly(what);
    assertThat(CacheTraces.describe(rest.view()))
        .hasValue("what is left of a pcache cache (" + what + ")");
  }

  @ParameterizedTest
  @CsvSource({"8192", "12288"})
  void eitherSlotOfARecordIsEnough(long slot) {
    ArrayMedia rest = blank();
    MemorySegment.copy(cache.bytes(), 8192, rest.bytes(), slot, 24);
    assertThat(CacheTraces.on(rest.view())).containsExactly("cache_info");
  }

  @Test
  void zeroesAndShortDevicesShowNothing() {
    assertThat(CacheTraces.on(blank().view())).isEmpty();
    assertThat(CacheTraces.describe(blank().view())).isEmpty();
    assertThat(CacheTraces.on(cache.view().asSlice(0, 512))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "1024, 'identity record'",
    "4096, 'identity record, list of bad extents'",
    "8192, 'superblock, identity record, list of bad extents'",
    "12288, 'superblock, identity record, list of bad extents, cache_info'",
    "16400, 'superblock, identity record, list of bad extents, cache_info, key_tail'",
    "20479, 'superblock, identity record, list of bad extents, cache_info, key_tail, dirty_tail'"
  })
  @DisplayName("hazard 27: a cache that was cut short anywhere still shows what is left of it")
  void aDeviceThatWasCutShowsWhatLiesBeforeItsEnd(long sizeBytes, String left) {
    assertThat(CacheTraces.on(cache.view().asSlice(0, sizeBytes)))
        .containsExactly(left.split(", "));
  }

  @Test
  void aKeySetAtTheVeryEndOfItsSegmentIsFound() {
    ArrayMedia rest = blank();
    long end = MediaLayout.segmentOffset(SEGMENTS);
    KeySetRecord.sealLast(rest.bytes(), end - KeySetRecord.HEADER_BYTES, 0);
    assertThat(CacheTraces.on(rest.view())).containsExactly("key sets in 1 segment");
  }
}
