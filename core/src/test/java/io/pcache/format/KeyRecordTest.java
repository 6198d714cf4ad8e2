package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class KeyRecordTest {
  static final RecordLayout LAYOUT =
      new RecordLayout("key", KeyRecord.SIZE_BYTES)
          .field("off", KeyRecord.OFF_OFFSET, 8)
          .field("len", KeyRecord.LEN_OFFSET, 4)
          .field("flags", KeyRecord.FLAGS_OFFSET, 4)
          .field("cache_seg_id", KeyRecord.CACHE_SEG_ID_OFFSET, 4)
          .field("cache_seg_off", KeyRecord.CACHE_SEG_OFF_OFFSET, 4)
          .field("seg_gen", KeyRecord.SEG_GEN_OFFSET, 8)
          .field("data_crc", KeyRecord.DATA_CRC_OFFSET, 4)
          .field("reserved", KeyRecord.RESERVED_OFFSET, 4);

  @Test
  void theFieldsFillTheRecord() {
    LAYOUT.checkIsContiguous();
    LAYOUT.checkIsAligned();
  }

  @Test
  void whatAKeyStoresIsRead() {
    MemorySegment keys = MemorySegment.ofArray(new long[10]);
    new Key()
        .range(1L << 40, 4096)
        .clean(true)
        .place(7, 512)
        .generation(1L << 33)
        .dataCrc(0xCAFE)
        .store(keys, 40);
    assertThat(KeyRecord.off(keys, 40)).isEqualTo(1L << 40);
    assertThat(KeyRecord.len(keys, 40)).isEqualTo(4096);
    assertThat(KeyRecord.flags(keys, 40)).isEqualTo(KeyRecord.CLEAN_FLAG);
    assertThat(KeyRecord.isClean(keys, 40)).isTrue();
    assertThat(KeyRecord.cacheSegId(keys, 40)).isEqualTo(7);
    assertThat(KeyRecord.cacheSegOff(keys, 40)).isEqualTo(512);
    assertThat(KeyRecord.segGen(keys, 40)).isEqualTo(1L << 33);
    assertThat(KeyRecord.dataCrc(keys, 40)).isEqualTo(0xCAFE);
    assertThat(keys.asSlice(0, 40).mismatch(MemorySegment.ofArray(new byte[40]))).isEqualTo(-1);
  }

  @Test
  void theReservedWordIsZeroWhateverLayThere() {
    MemorySegment keys = MemorySegment.ofArray(new long[5]);
    keys.fill((byte) 0xFF);
    new Key().range(0, 512).store(keys, 0);
    assertThat(keys.get(LittleEndian.U32, KeyRecord.RESERVED_OFFSET)).isZero();
    assertThat(KeyRecord.isClean(keys, 0)).isFalse();
  }

  @Test
  void flagsAreStoredAsTheyAreAndOnlyCleanIsLoaded() {
    MemorySegment keys = MemorySegment.ofArray(new long[10]);
    new Key().flags(-1).store(keys, 0);
    assertThat(KeyRecord.flags(keys, 0)).isEqualTo(-1);
    new Key().load(keys, 0).store(keys, 40);
    assertThat(KeyRecord.flags(keys, 40)).isEqualTo(KeyRecord.CLEAN_FLAG);
  }
}
