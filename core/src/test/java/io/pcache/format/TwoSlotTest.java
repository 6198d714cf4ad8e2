package io.pcache.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pcache.media.ArrayMedia;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class TwoSlotTest {
  static final List<TwoSlotLayout> LAYOUTS =
      List.of(
          TwoSlotLayout.CACHE_INFO,
          TwoSlotLayout.KEY_TAIL,
          TwoSlotLayout.DIRTY_TAIL,
          TwoSlotLayout.SEGMENT_INFO,
          TwoSlotLayout.GENERATION,
          TwoSlotLayout.IDENTITY);

  private static final long AT = 4096;
  private static final TwoSlotLayout LAYOUT = TwoSlotLayout.GENERATION;
  private static final int OLD = 0x0DD;
  private static final int NEW = 0x2E3;

  private final ArrayMedia media = new ArrayMedia(32 << 10);
  private final TwoSlot slots = new TwoSlot(media, LAYOUT, AT);

  /** A valid copy as any writer may have left it. */
  private void put(int slot, int seq, int value) {
    put(slot, seq, value, 0, 0);
  }

  private void put(int slot, int seq, int value, int version, int reserved) {
    MemorySegment record =
        media.bytes().asSlice(AT + (long) slot * LAYOUT.strideBytes(), LAYOUT.sizeBytes());
    record.set(ValueLayout.JAVA_BYTE, TwoSlotLayout.SEQ_OFFSET, (byte) seq);
    record.set(ValueLayout.JAVA_BYTE, TwoSlotLayout.VERSION_OFFSET, (byte) version);
    record.set(LittleEndian.U16, TwoSlotLayout.VERSION_OFFSET + 1, (short) reserved);
    record.set(LittleEndian.U32, TwoSlotLayout.BODY_OFFSET, value);
    int crc =
        Checksum.of(
            record, TwoSlotLayout.SEQ_OFFSET, LAYOUT.sizeBytes() - TwoSlotLayout.SEQ_OFFSET);
    record.set(LittleEndian.U32, TwoSlotLayout.CRC_OFFSET, crc);
  }

  private int loaded() {
    return slots.load().orElseThrow().get(LittleEndian.U32, TwoSlotLayout.BODY_OFFSET);
  }

  private MemorySegment record(int value) {
    MemorySegment record = slots.newRecord();
    record.set(LittleEndian.U32, TwoSlotLayout.BODY_OFFSET, value);
    return record;
  }

  private void damage(int slot) {
    long at = AT + (long) slot * LAYOUT.strideBytes() + TwoSlotLayout.BODY_OFFSET;
    int before = media.bytes().get(LittleEndian.U32, at);
    media.bytes().set(LittleEndian.U32, at, ~before);
  }

  @Test
  void noValidSlotReadsAsEmpty() {
    assertThat(slots.load()).isEmpty();
    put(0, 1, OLD);
    put(1, 2, NEW);
    damage(0);
    damage(1);
    assertThat(slots.load()).isEmpty();
  }

  @Test
  void theOnlyValidSlotIsReadWhateverItsSeq() {
    put(0, 200, OLD);
    put(1, 201, NEW);
    damage(1);
    assertThat(loaded()).isEqualTo(OLD);
    put(1, 201, NEW);
    damage(0);
    assertThat(loaded()).isEqualTo(NEW);
  }

  @Test
  void theNewerOfTwoIsReadForEverySeqAndEitherOrder() {
    for (int seq = 0; seq < 256; seq++) {
      put(0, seq, OLD);
      put(1, seq + 1, NEW);
      assertThat(loaded()).as("seq %d in slot 0", seq).isEqualTo(NEW);
      put(0, seq + 1, NEW);
      put(1, seq, OLD);
      assertThat(loaded()).as("seq %d in slot 1", seq).isEqualTo(NEW);
    }
  }

  @Test
  void newerIsTheSignOfTheWrappingDifference() {
    for (int first = 0; first < 256; first++) {
      for (int second = 0; second < 256; second++) {
        put(0, first, OLD);
        put(1, second, NEW);
        boolean secondIsNewer = (byte) (second - first) > 0;
        assertThat(loaded()).as("%d and %d", first, second).isEqualTo(secondIsNewer ? NEW : OLD);
      }
    }
  }

  @Test
  void equalSeqsReadTheFirstSlotAndReplaceTheSecond() {
    put(0, 7, OLD);
    put(1, 7, NEW);
    assertThat(loaded()).isEqualTo(OLD);
    slots.store(record(3));
    assertThat(loaded()).isEqualTo(3);
    damage(1);
    assertThat(loaded()).isEqualTo(OLD);
  }

  @Test
  void garbageInVersionAndReservedIsAccepted() {
    put(0, 4, OLD, 0xA5, 0xBEEF);
    assertThat(loaded()).isEqualTo(OLD);
    put(1, 5, NEW, 0xFF, 0xFFFF);
    assertThat(loaded()).isEqualTo(NEW);
  }

  @Test
  void versionAndReservedAreCoveredByTheChecksum() {
    put(0, 4, OLD);
    media.bytes().set(ValueLayout.JAVA_BYTE, AT + TwoSlotLayout.VERSION_OFFSET, (byte) 1);
    assertThat(slots.load()).isEmpty();
  }

  @Test
  void anUpdateNeverOverwritesTheNewestValidCopy() {
    for (int seq = 0; seq < 256; seq++) {
      for (int newest = 0; newest < 2; newest++) {
        put(newest, seq, NEW);
        put(1 - newest, seq - 1, OLD);
        slots.store(record(5));
        assertThat(loaded()).as("seq %d in slot %d", seq, newest).isEqualTo(5);
        damage(1 - newest);
        assertThat(loaded()).as("seq %d in slot %d, torn", seq, newest).isEqualTo(NEW);
      }
    }
  }

  @Test
  void anUpdateReplacesADamagedCopyNotTheValidOne() {
    put(0, 1, OLD);
    put(1, 2, NEW);
    damage(1);
    slots.store(record(5));
    assertThat(loaded()).isEqualTo(5);
    damage(1);
    assertThat(loaded()).isEqualTo(OLD);
  }

  @Test
  void aDurableUpdateIsOneWriteOfOneSlotAndThenASync() {
    slots.storeDurably(record(1));
    slots.storeDurably(record(2));
    slots.storeDurably(record(3));
    assertThat(media.events())
        .containsExactly("write 4096+16", "sync", "write 4112+16", "sync", "write 4096+16", "sync");
  }

  @Test
  void versionAndReservedAreWrittenAsZeroWhateverTheRecordBrings() {
    MemorySegment garbage = record(1);
    garbage.asSlice(0, TwoSlotLayout.BODY_OFFSET).fill((byte) 0xFF);
    slots.store(garbage);
    assertThat(media.view().get(ValueLayout.JAVA_BYTE, AT + TwoSlotLayout.VERSION_OFFSET)).isZero();
    assertThat(media.view().get(LittleEndian.U16, AT + TwoSlotLayout.VERSION_OFFSET + 1)).isZero();
    assertThat(loaded()).isOne();
  }

  @Test
  void erasedSlotsReadAsEmpty() {
    put(0, 1, OLD);
    put(1, 2, NEW);
    slots.erase();
    assertThat(slots.load()).isEmpty();
  }

  @ParameterizedTest
  @FieldSource("LAYOUTS")
  void theSecondSlotLiesAStrideAfterTheFirst(TwoSlotLayout layout) {
    TwoSlot record = new TwoSlot(media, layout, 0);
    record.store(record.newRecord());
    record.store(record.newRecord());
    assertThat(media.events())
        .containsExactly(
            "write 0+" + layout.sizeBytes(),
            "write " + layout.strideBytes() + "+" + layout.sizeBytes());
  }

  @ParameterizedTest
  @FieldSource("LAYOUTS")
  void theSlotsDoNotOverlap(TwoSlotLayout layout) {
    assertThat(layout.sizeBytes()).isLessThanOrEqualTo(layout.strideBytes());
    assertThat(layout.sizeBytes() % Long.BYTES).isZero();
  }
}
